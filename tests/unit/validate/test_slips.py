import pytest

from services.core.finding import Finding, Severity
from services.core.report import Report
from services.validate.judge import judge
from services.validate.rules.example import CONTEXT, TALLYING, with_prose
from tests.unit.validate.made import findings, only

OVERVIEW = TALLYING.sections[0].text


def slips(text: str, rule: str = "D11") -> list[Finding]:
    return findings(rule=rule, **with_prose("overview", f"{OVERVIEW}\n{text}"))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("全年主动公开政府信息条，回应关切。", "主动公开政府信息条"),
        ("全年主动公开 条。", "主动公开条"),
        ("通过网站主动公开信息___条，", "主动公开信息条"),
        ("收到建议共计件，均已办结。", "共计件"),
    ],
)
def test_a_unit_without_its_number(text: str, wrong: str):
    found = only(slips(text))
    assert (found.severity, found.actual, found.expected) == (Severity.INFO, wrong, "补填数量")


@pytest.mark.parametrize(
    "text",
    [
        "全年主动公开政府信息12条。",
        "落实主动公开条例要求。",
        "对主动公开件、依申请公开件逐件审核。",
        "对申请件，逐件登记答复。",
        "公开信息条目清晰。",
        "处置公共事件，发布文件。",
        "制发公共件，加强管理。",
        "共计十二件。",
        "累计次数不多。",
        "主动公开信息若干条。",
    ],
)
def test_words_that_only_look_like_a_lost_number(text: str):
    assert not slips(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("拓宽途径，加强信息信息公开工作流程。", "信息信息"),
        ("主动公开信息不够及时全面及时。", "及时全面及时"),
        ("公开内容及时、准确、及时。", "及时、准确、及时"),
        ("下一步将进一步进一步完善制度。", "进一步进一步"),
        ("我们将加强加强培训。", "加强加强"),
        ("关于政府信息公开政府信息公开工作的要求。", "政府信息公开政府信息公开"),
    ],
)
def test_a_word_twice_in_a_row(text: str, wrong: str):
    found = only(slips(text))
    assert (found.severity, found.actual, found.expected) == (Severity.INFO, wrong, "删去重复")


@pytest.mark.parametrize(
    "text",
    [
        "做好县政府政府信息公开工作。",
        "临溪县人民政府人民政府网站。",
        "加强政务公开工作工作人员培训。",
        "推进信息信息化建设。",
        "全面规范规范性文件管理。",
        "面向公众公众号开通。",
        "一项一项核对，研究研究再定，很多很多。",
        "（一）主动公开主动公开政府信息100条。",
        "（三）信息公开平台信息公开平台建设。",
        "更加全面规范，全面推进公开。",
        "及时更新、及时公开、及时回应。",
        "做到及时全面及时公开",
        "公开透明，信息，信息公开。",
        "在县政务公开领导小组领导小组办公室指导下。",
    ],
)
def test_words_that_rightly_stand_side_by_side(text: str):
    assert not slips(text)


def test_a_document_with_everything_twice_was_misread_and_not_mistyped():
    twice = "。".join(f"{word}{word}做好" for word in ("信息", "加强", "推进", "落实", "完善"))
    assert not slips(f"我们{twice}。")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("依托府信息公开平台发布。", "府信息公开"),
        ("府信息公开平台运行正常。", "府信息公开"),
        ("一年来，动公开政府信息10条。", "动公开政府信息"),
    ],
)
def test_a_lost_first_character(text: str, wrong: str):
    found = only(slips(text))
    assert (found.severity, found.actual, found.expected) == (Severity.INFO, wrong, "补全文字")


@pytest.mark.parametrize(
    "text",
    [
        "依托政府信息公开平台发布。",
        "依托市府信息公开平台、区府信息公开专栏发布。",
        "依托政\n府信息公开平台发布。",
        "依托政—3—府信息公开平台发布。",
        "活动公开信息，互动公开信息。",
    ],
)
def test_words_that_lost_nothing(text: str):
    assert not slips(text)


def test_the_place_and_the_words_around_are_quoted():
    message = only(slips("拓宽途径，加强信息信息公开工作流程。")).message
    assert message.startswith("“一、总体情况”部分：“")
    assert "加强信息信息公开工作流程" in message


@pytest.mark.parametrize(
    "text",
    [
        "该部分以表格形式报告",
        "（填写说明：请按实际填写）",
        "填表说明",
        "全年举办培训XX次。",
        "我局共受理××件。",
        "20XX年，XX县XX局做好公开。",
        "联系电话：XXXX-XXXXXXX。",
    ],
)
def test_what_the_form_left_is_a_warning(text: str):
    found = only(slips(text, "B5"))
    assert found.severity is Severity.WARNING
    assert "“一、总体情况”部分“" in found.message


def test_an_instruction_in_a_heading_is_found():
    titled = TALLYING.sections[1].model_copy(update={"title": "二、主动公开政府信息情况（该部分以表格形式报告）"})
    found = only(findings(rule="B5", sections=[TALLYING.sections[0], titled, *TALLYING.sections[2:]]))
    assert "标题“该部分以表格形式报告”" in found.message


def test_all_of_it_is_one_finding():
    found = only(slips("全年举办培训XX次，受理××件，印发XX份。", "B5"))
    assert "有 3 处" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "开通“XX发布”微信公众号。",
        "印发《关于XX县年度要点的通知》。",
        "提供7×24小时服务，版面3×5米。",
        "案号（2024）云01行初××号，由××区人民法院审理。",
        "申请人×××撤回申请。",
        "型号为AXX次代。",
        "按照填报说明做好报告。",
        "编印填写说明手册，指导各单位。",
        "各类数据以表格形式公开。",
        "五、本部分以表格形式列出如下。",
    ],
)
def test_names_formulas_and_hidden_parties_are_no_placeholders(text: str):
    assert not slips(text, "B5")


def test_long_and_odd_prose_is_read_in_no_time_and_never_fails():
    for text in ("信息" * 100_000, "一" * 200_000, "主动公开信息" * 30_000, "“" * 200_000, "X×" * 90_000):
        report: Report = TALLYING.model_copy(update=with_prose("overview", text))
        judge(report, CONTEXT)
