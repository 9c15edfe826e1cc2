"""The national form as data: both layouts, every cell, and the words for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.form import LAYOUTS, form, form_for_year, parse_path, place, row_place
from services.core.form.labels import normalise, squeeze, without_mark

TABLES: Any = ("table2", "table3", "table4")
ROWS = {"2019": 23, "2021": 25}


def every_path(layout: str) -> list[str]:
    return [path for table in TABLES for path in form(layout).paths(table)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_table_3_has_its_rows_times_seven_columns(layout: str) -> None:
    shape = form(layout)
    assert len(shape.row_keys) == ROWS[layout]
    assert shape.column_keys == ("natural", "commercial", "research", "social", "legal", "other", "total")
    assert len(shape.paths("table3")) == ROWS[layout] * 7


@pytest.mark.parametrize("layout", LAYOUTS)
def test_table_4_has_three_blocks_of_five(layout: str) -> None:
    assert [block.key for block in form(layout).table4_blocks] == ["review", "direct", "after_review"]
    assert [column.key for column in form(layout).table4_columns] == [
        "upheld",
        "corrected",
        "other",
        "pending",
        "total",
    ]
    assert len(form(layout).paths("table4")) == 15


def test_table_2_of_the_present_layout_has_ten_cells() -> None:
    shape = form("2021")
    assert shape.paths("table2") == [
        *(f"table2.regulations.{index}" for index in range(3)),
        *(f"table2.normative_docs.{index}" for index in range(3)),
        "table2.licences",
        "table2.penalties",
        "table2.coercion",
        "table2.fees",
    ]
    assert shape.table2_column["amount"].number == "money"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_key_and_every_path_is_unique(layout: str) -> None:
    shape = form(layout)
    for parts in (
        shape.sections,
        shape.table2_rows,
        shape.table2_columns,
        shape.table3_rows,
        shape.table3_columns,
        shape.table3_groups,
        shape.table4_blocks,
        shape.table4_columns,
    ):
        keys = [part.key for part in parts]
        assert len(keys) == len(set(keys))
    paths = every_path(layout)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_name_groups_and_columns_that_exist(layout: str) -> None:
    shape = form(layout)
    assert {row.group for row in shape.table3_rows} - {""} <= {*shape.table3_group, "results"}
    assert {key for row in shape.table2_rows for key in row.columns} <= set(shape.table2_column)
    assert all(len(row.columns) == 1 for row in shape.table2_rows if row.scalar)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_results_are_all_rows_but_new_carried_over_and_total(layout: str) -> None:
    shape = form(layout)
    outside = set(shape.row_keys) - set(shape.result_keys)
    assert outside == {"new", "carried_in", "total", "carried_out"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_labels_and_aliases_of_a_list_can_be_told_apart_once_normalised(layout: str) -> None:
    shape = form(layout)
    for parts in (shape.sections, shape.table3_columns, shape.table4_columns):
        names = [
            {normalise(part.label if hasattr(part, "label") else part.title), *map(normalise, part.aliases)}
            for part in parts
        ]
        assert all(all(group) for group in names), "a label that normalises to nothing matches everything"
        for index, group in enumerate(names):
            assert not group & set().union(*names[index + 1 :])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_cell_has_words_of_its_own_in_chinese(layout: str) -> None:
    words = {path: place(path, layout) for path in every_path(layout)}
    assert len(set(words.values())) == len(words)
    for path, text in words.items():
        assert text.startswith(("表二", "表三", "表四"))
        assert text == text.strip()
        assert "  " not in text
        assert not any(char in text for char in "_{}（） ".replace("（", "").replace("）", "").replace(" ", ""))
        assert text.count("（") == text.count("）"), text
        assert " · " in text, path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_path_parses_back_to_its_cell(layout: str) -> None:
    for path in every_path(layout):
        cell = parse_path(path, layout)
        assert path.startswith(f"{cell.table}.{cell.row}")
        assert row_place(cell.table, cell.row, layout) in place(path, layout)


@pytest.mark.parametrize(
    "path",
    [
        "table2.licences.0",
        "table2.regulations",
        "table2.regulations.3",
        "table2.regulations.-1",
        "table2.regulations.x",
        "table3.new",
        "table3.new.natural.x",
        "table3.nowhere.natural",
        "table4.review.nowhere",
        "table9.review.total",
    ],
)
def test_a_cell_that_the_form_does_not_have_is_refused(path: str) -> None:
    with pytest.raises(KeyError):
        parse_path(path)


def test_the_year_decides_the_prescribed_layout() -> None:
    assert [form_for_year(year).version for year in (2008, 2018, 2019, 2020, 2021, 2024, 2099)] == [
        "2019",
        "2019",
        "2019",
        "2019",
        "2021",
        "2021",
        "2021",
    ]
    with pytest.raises(KeyError):
        form("2008")


def test_the_old_layout_has_one_row_for_all_other_handling() -> None:
    assert "other_all" in form("2019").row_keys
    assert "other_all" not in form("2021").row_keys
    assert len(set(form("2021").row_keys) - set(form("2019").row_keys)) == 3


# labels


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("3.危及 “三安全一稳定”", "危及三安全一稳定"),
        ("（一）予以公开", "予以公开"),
        ("(一) 予以公开", "予以公开"),
        ("一、本年新收政府信息公开申请数量", "本年新收政府信息公开申请数量"),
        ("①予以公开", "予以公开"),
        ("⑴ 予以公开", "予以公开"),
        ("１．属于国家秘密", "属于国家秘密"),
        ("一)予以公开", "予以公开"),
        ("法人或\n其他组织", "法人或其他组织"),
        ("〔七〕总计", "总计"),
        ("20条", "20条"),
        ("一般公共预算", "一般公共预算"),
    ],
)
def test_printings_of_one_label_compare_equal(printed: str, meant: str) -> None:
    assert normalise(printed) == meant


def test_only_one_mark_is_taken_off() -> None:
    assert without_mark("①1.甲") == "1.甲"


@given(st.text(max_size=40))
def test_normal_forms_hold_no_space_no_bracket_and_no_full_width_digit(text: str) -> None:
    result = normalise(text)
    assert not any(char.isspace() or char in "（）()" for char in result)
    assert not any(char in "０１２３４５６７８９" for char in squeeze(text))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_white_space_within_a_label_never_matters(layout: str) -> None:
    for row in form(layout).table3_rows:
        assert normalise(row.mark + " ".join(row.label)) == normalise(row.mark + row.label)
