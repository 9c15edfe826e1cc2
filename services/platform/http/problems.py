"""Every answer that says no: a stable code for programs, a cause and a next step in Chinese for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from services.core.errors import REASONS

RETRY_SECONDS: Final = 10
"""What `Retry-After` says when something we need is away."""

AWAY: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""The database is away, closing, or has no connection left: answered with 503."""

UNTAKEN: Final = (DataError,)
"""The database takes no such value (a NUL in a text, a number too large): the request's fault."""


class Problem(BaseModel):
    """The body of every refusal. `code` is stable; `message` and `next_step` are for people."""

    code: str
    message: str
    next_step: str = ""


_PROBLEMS: Final = MappingProxyType(
    {
        "invalid_request": (422, "请求的内容不完整或格式不对（{detail}）。", "请对照接口说明修改后再试。"),
        "login_required": (401, "需要有效的访问令牌。", "请在请求头中以 Bearer 方式提供令牌；令牌由系统管理员发放。"),
        "forbidden": (403, "当前令牌没有进行这项操作的权限。", "如确有需要，请联系系统管理员。"),
        "other_agency": (403, "当前令牌只能为本单位报送。", "请核对单位代码。"),
        "not_found": (404, "没有找到所请求的内容。", "请核对编号或地址。"),
        "method_not_allowed": (405, "此地址不支持这种请求方式。", "请对照接口说明修改后再试。"),
        "no_result": (404, "这份文件还没有读取结果。", "请稍后再查，或查看它的办理状态。"),
        "not_replayable": (409, "这份文件正在处理中，或是重复报送，不能重新处理。", "请待处理结束后再试。"),
        "slow_body": (408, "上传中断的时间过长。", "请检查网络后重新上传。"),
        "too_large": (413, *(REASONS["too_large"].cause, REASONS["too_large"].next_step)),
        "empty": (422, REASONS["empty"].cause, REASONS["empty"].next_step),
        "bad_name": (422, REASONS["bad_name"].cause, REASONS["bad_name"].next_step),
        "unknown_agency": (422, REASONS["unknown_agency"].cause, REASONS["unknown_agency"].next_step),
        "not_an_event": (422, "这不是存储桶事件。", "请检查存储服务的事件通知设置。"),
        "stale_form": (403, "页面已过期。", "请返回上一页，刷新后重试。"),
        "too_many_tries": (429, "尝试登录的次数过多。", "请稍后再试。"),
        "too_many_checks": (429, "自查的次数过多。", "请稍后再试。"),
        "unavailable": (503, "系统暂时繁忙或正在维护，未能完成这次操作。", "请稍后重试，无需更换文件。"),
        "internal_error": (500, "系统处理这次请求时出错。", "请稍后重试；如仍出现，请联系系统管理员。"),
    }
)


class ProblemError(Exception):
    """Answer this request with a problem. `detail` fills the place in the message; it must be safe to show."""

    def __init__(self, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, message, next_step = _PROBLEMS[code]
        self.problem = Problem(code=code, message=filled(message, detail), next_step=filled(next_step, detail))
        self.headers = dict(headers or {})
        if self.status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")
        if self.status == 503:
            self.headers.setdefault("Retry-After", str(RETRY_SECONDS))


def filled(text: str, detail: str) -> str:
    """`text` with `{detail}` filled in, and without empty brackets where there is no detail."""
    return text.replace("{detail}", detail).replace("（）", "").replace("“”", "")


def problem_of(error: Exception) -> ProblemError:
    """The problem to answer with for any exception a request may end in. Nothing of the request is echoed."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RequestValidationError):
        places = {str(item["loc"][1]) for item in error.errors() if len(item["loc"]) > 1}  # ("query", name, …)
        return ProblemError("invalid_request", "、".join(sorted(name for name in places if name.isidentifier())))
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, UNTAKEN):
        return ProblemError("invalid_request")
    if isinstance(error, AWAY):
        return ProblemError("unavailable")
    return ProblemError("internal_error")


def _of_http(error: HTTPException) -> ProblemError:
    known = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    return ProblemError(known.get(error.status_code, "invalid_request"), headers=error.headers)


def as_json(_request: Request, error: Exception) -> JSONResponse:
    """The problem as the API gives it."""
    told = problem_of(error)
    return JSONResponse(told.problem.model_dump(), told.status, headers=told.headers)
