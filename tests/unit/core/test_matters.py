from services.core.finding import Cause, Finding, Repair, Severity
from services.core.form import place
from services.core.matters import advice, matters, statement, ways

ONE = Repair(cell="table3.granted.natural", from_=1409, to=1408, settles=["a", "b", "c"])


def finding(
    name: str, *repair: Repair, cause: Cause = "document", message: str = "不等。", alone: bool = False
) -> Finding:
    return Finding(
        rule="T3-4" if alone else "T3-1",
        severity=Severity.ERROR,
        where=["table3.granted.natural"] if alone else ["table3.granted.total", "table3.granted.natural"],
        expected="不小于 0 的整数" if alone else 2,
        actual="-1" if alone else 1,
        message=message,
        basis="格式",
        cause=cause,
        repair=list(repair),
        fingerprint=name,
    )


def words(*findings: Finding) -> list[str]:
    return [advice(matter, place) for matter in matters(findings)]


def test_three_findings_that_one_cell_settles_are_one_matter_with_one_sentence():
    assert words(*(finding(name, ONE) for name in "abc")) == [
        "最可能的一处：表三（一）予以公开 · 自然人：填报 1409，应为 1408；改后三处勾稽关系同时成立。"
    ]


def test_findings_without_a_repair_stay_matters_of_their_own():
    assert [len(matter.findings) for matter in matters([finding("a"), finding("b"), finding("c", ONE)])] == [1, 1, 1]
    assert words(finding("a")) == [""]


def test_what_may_be_misread_is_told_apart_and_without_blame():
    told = matters([finding("a", ONE), finding("b", ONE, cause="unclear"), finding("c", ONE, cause="unclear")])
    assert [matter.sure for matter in told] == [True, False]
    assert advice(told[1], place) == (
        "最可能的一处：表三（一）予以公开 · 自然人：读作 1409，如为 1408，三处勾稽关系同时成立。"
    )


def test_a_complaint_about_the_cell_itself_is_no_relation():
    assert "改后两处勾稽关系同时成立" in words(finding("a", ONE), finding("b", ONE), finding("c", ONE, alone=True))[0]


def test_cells_of_one_option_are_changed_together_and_options_are_alternatives():
    def change(cell: str, to: int, option: int) -> Repair:
        return Repair(cell=f"table3.granted.{cell}", from_=None, to=to, settles=["a"], option=option)

    both = (change("natural", 1, 1), change("other", 2, 1))
    assert [len(way) for way in ways(finding("a", *both))] == [2]
    assert words(finding("a", *both))[0] == (
        "最可能的两处：表三（一）予以公开 · 自然人：空白，应为 1；"
        "表三（一）予以公开 · 法人或其他组织·其他：空白，应为 2；一并改后该处勾稽关系成立。"
    )
    assert words(finding("a", *both, change("total", 3, 2)))[0] == (
        "以下任一组改正后，该处勾稽关系成立：（1）表三（一）予以公开 · 自然人：空白，如为 1，同时 "
        "表三（一）予以公开 · 法人或其他组织·其他：空白，如为 2；（2）表三（一）予以公开 · 总计：空白，如为 3。"
    )


def test_single_cells_without_an_option_are_alternatives():
    other = ONE.model_copy(update={"cell": "table3.granted.total"})
    assert [len(way) for way in ways(finding("a", ONE, other))] == [1, 1]


def test_the_statement_is_the_message_without_the_sentence_on_what_to_change():
    for repairs in ((ONE,), (ONE, ONE.model_copy(update={"cell": "table3.granted.total"}))):
        whole = finding("a", *repairs)
        sentence = words(whole)[0]
        assert sentence
        assert statement(whole.model_copy(update={"message": f"不等。{sentence}"})) == "不等。"
    assert statement(finding("a")) == "不等。"


def test_a_repair_of_one_cell_is_published_with_its_four_keys_only():
    assert set(finding("a", ONE).model_dump(mode="json")["repair"][0]) == {"cell", "from", "to", "settles"}
    joint = ONE.model_copy(update={"option": 1})
    assert finding("a", joint).model_dump(mode="json")["repair"][0]["option"] == 1
    assert Finding.model_validate(finding("a", joint).model_dump(mode="json")).repair == [joint]
