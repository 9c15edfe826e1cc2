import pytest

from services.core.finding import Finding, Severity
from services.validate.rules.example import TALLYING, with_prose
from tests.unit.validate.made import findings, only

FORM = "《关于印发〈中华人民共和国政府信息公开工作年度报告格式〉的通知》"
FEES = "按照《政府信息公开信息处理费管理办法》"


def cited(text: str, year: int = 2024) -> list[Finding]:
    return findings(rule="D10", year=year, reading={"opening": text})


@pytest.mark.parametrize(
    "written",
    [
        "国办发〔2021〕30号",
        "国办发[2021]30号",
        "国办发（2021）30号",
        "国办发【2021】30号",
        "国办函〔2021〕30号",
        "国办公开办〔2021〕第30号",
    ],
)
def test_a_wrong_number_of_the_format_is_a_hint_with_the_right_one(written: str):
    found = only(cited(f"根据{FORM}（{written}）要求编制。"))
    assert found.severity is Severity.INFO
    assert (found.expected, found.actual) == ("国办公开办函〔2021〕30号", written)


@pytest.mark.parametrize("written", ["国办发〔2020〕109号", "国办发 (2020) 109 号", "国办发[2020]109号"])
def test_a_wrong_number_of_the_fee_rules_is_a_hint(written: str):
    found = only(findings(rule="D10", **with_prose("other_matters", f"{FEES}（{written}），未收取。")))
    assert found.expected == "国办函〔2020〕109号"
    assert "六、其他需要报告的事项" in found.message


@pytest.mark.parametrize(
    "text",
    [
        f"根据{FORM}（国办公开办函〔2021〕30号）",
        f"{FEES}（国办函〔2020〕109号）",
        f"根据{FORM}（国办公开办函[2021]30号）",
        "贯彻《国务院办公厅关于进一步规范财务审计秩序的意见》（国办发〔2021〕30号）",
        "落实县政办发〔2021〕30号文件要求，编制年度报告",
        "根据《中华人民共和国政府信息公开条例》（国务院令第711号）",
        "国办发〔2021〕130号文件关于年度报告",
    ],
)
def test_right_numbers_and_other_documents_are_left_alone(text: str):
    assert not cited(text)


def test_the_same_wrong_number_twice_is_one_finding():
    text = f"{FORM}（国办发〔2021〕30号）"
    only(
        findings(rule="D10", reading={"opening": text}, **with_prose("overview", f"{TALLYING.sections[0].text}{text}"))
    )


OLD = "《关于政府信息公开工作年度报告有关事项的通知》（国办公开办函〔2019〕60号）"


def test_the_old_format_alone_is_a_hint_from_2021_on():
    found = only(cited(f"根据{OLD}编制。"))
    assert found.actual == "国办公开办函〔2019〕60号"
    assert "2024 年度报告适用的格式是“国办公开办函〔2021〕30号”" in found.message


def test_the_old_format_is_right_for_its_years_and_beside_the_new_one():
    assert not cited(f"根据{OLD}编制。", year=2020)
    assert not cited(f"根据{OLD}和{FORM}（国办公开办函〔2021〕30号）编制。")
    assert not cited(f"根据{OLD}和{FORM}（国办公开办函〔2021〕 30 号）编制。")


@pytest.mark.parametrize("other", ["国发〔2019〕60号", "县政办发〔2019〕60号", "国办发〔2019〕60号"])
def test_other_documents_with_number_60_are_left_alone(other: str):
    assert not cited(f"落实{other}文件，编制年度报告。")
