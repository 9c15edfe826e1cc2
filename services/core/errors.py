"""Errors by whose fault they are, and the catalogue of reasons that programs match and people read.

`RejectedError`: the document's fault, terminal. `RetryableError`: the world's fault, tried again. Anything else is a
defect of this program and goes to the dead letters with its traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code with its cause and the next step, both in plain Chinese. `{detail}` is filled where it stands."""

    code: str
    cause: str
    next_step: str

    def text(self, detail: str = "") -> str:
        """Cause and next step as one sentence pair for people."""
        return f"{self.cause.format(detail=detail)}{self.next_step.format(detail=detail)}"


def _catalogue(*reasons: Reason) -> MappingProxyType[str, Reason]:
    return MappingProxyType({reason.code: reason for reason in reasons})


REASONS: Final = _catalogue(
    # intake
    Reason("empty", "文件是空的（0 字节）。", "请重新导出后再报送。"),
    Reason("too_large", "文件超过大小上限（{detail}）。", "请压缩其中的图片，或只报送年度报告正文后再试。"),
    Reason("bad_name", "文件名无法使用（{detail}）。", "请改用不超过 200 字节、不含特殊符号的文件名。"),
    Reason("not_a_file", "这不是普通文件（{detail}）。", "请直接放入文件本身，不要放快捷方式或链接。"),
    Reason("unknown_agency", "单位代码“{detail}”不在名册中。", "请核对文件夹或上传地址中的单位代码，或请主管部门先登记该单位。"),
    Reason("vanished", "文件在接收之前已被删除或移走。", "请重新报送。"),
    Reason("overwritten", "文件在接收之前已被同名的新文件替换。", "新文件会照常处理，无需重新报送。"),
    # what the document is
    Reason("unsupported_format", "暂不能读取这种格式的文件（{detail}）。", "请改报 PDF（由文字处理软件直接导出）后再试。"),
    Reason("office_missing", "暂时无法读取 DOC、WPS 和 RTF 文档。", "请用文字处理软件打开后另存为 DOCX 或 PDF，再重新报送。"),
    Reason("encrypted", "文件设有打开密码，无法读取。", "请取消密码后重新报送。"),
    Reason("damaged", "文件已损坏或不完整，无法打开（{detail}）。", "请确认本机能正常打开，重新导出后再报送。"),
    Reason("no_text", "文件里没有可读取的文字，可能是扫描件或图片。", "请报送由文字处理软件直接导出的 PDF。"),
    Reason("bad_text_layer", "文件里的文字编码异常，显示的字与实际存储的不一致。", "请重新导出 PDF（嵌入标准字体）后再报送。"),
    Reason("not_annual_report", "没有在文件中找到年度报告的统计表。", "请确认报送的是《政府信息公开工作年度报告》全文。"),
    Reason("old_format", "这是 2018 年及以前的旧格式年报（{detail}）。", "请按国办公开办函〔2021〕30号的格式重新编制。"),
    Reason("too_many_pages", "文件页数过多（{detail}）。", "请只报送年度报告本身。"),
    Reason("too_complex", "文件内容异常庞大（{detail}），为安全起见没有展开。", "请重新导出 PDF 后再报送。"),
    # attempts used up
    Reason("reader_crashed", "读取这份文件时程序多次异常中止（{detail}）。", "文件已保留，请主管部门人工核对；也可重新导出后再报送。"),
    Reason("reader_timeout", "读取这份文件多次超过时限（{detail}）。", "文件已保留，请主管部门人工核对；也可重新导出后再报送。"),
    Reason("reader_memory", "读取这份文件多次超出内存上限（{detail}）。", "文件已保留，请主管部门人工核对；也可重新导出后再报送。"),
    Reason("worker_lost", "处理这份文件时程序多次被中断。", "文件已保留，请系统管理员查看后重新处理。"),
    Reason("service_unavailable", "处理所需的服务长时间不可用（{detail}）。", "文件已保留，服务恢复后请系统管理员重新处理。"),
    Reason("internal_error", "处理时出现程序错误（{detail}）。", "文件已保留，已通知系统管理员，无需重新报送。"),
)  # fmt: skip
"""Every code that a submission, a reason file, the API or a mail may carry."""


class GoujiError(Exception):
    """Base of the errors below."""


class RejectedError(GoujiError):
    """The document cannot be accepted, for a reason from the catalogue. Never retried."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.reason = REASONS[code]
        self.detail = detail[:200]


class RetryableError(GoujiError):
    """Something outside the document failed (store, broker, relay); the row waits and is tried again."""

    def __init__(self, detail: str, *, code: str = "service_unavailable") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail[:200]


class CrashedError(GoujiError):
    """The reading child died, hung or ran out of memory. Counts as a crash: quarantined after the third."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.reason = REASONS[code]
        self.code = code
        self.detail = detail[:200]
