"""The tables of settings in both READMEs, from the settings class."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import SecretStr

from services.platform.settings import Settings

CHINESE: Final = MappingProxyType(
    {
        "database_url": "数据库地址（SQLAlchemy 写法）：`sqlite:///路径` 或 `postgresql+psycopg://用户@主机/库`。",
        "broker_url": "消息队列地址（Redis 协议）；`redis+socket://` 表示本机套接字。",
        "s3_endpoint": "对象存储，`主机:端口`。",
        "s3_access_key": "对象存储的访问密钥。",
        "s3_secret_key": "对象存储的私有密钥。",
        "s3_secure": "与对象存储之间使用 TLS。",
        "s3_region": "区域名；权限限定到前缀的密钥需要它。",
        "s3_inbox": "收件桶，键为 `<单位代码>/[<年份>/]文件名`。",
        "s3_originals": "原件桶，每份原件以其 SHA-256 为名保存。",
        "s3_notify_arns": "收件桶事件的接收目标（ARN），用逗号分隔；留空则只靠定时清点。",
        "smtp_host": "邮件中继主机。",
        "smtp_port": "邮件中继端口。",
        "smtp_starttls": "要求中继使用 STARTTLS，否则不发送。",
        "smtp_user": "中继的登录名；留空表示不登录。",
        "smtp_password": "中继的登录密码。",
        "smtp_timeout_seconds": "等待中继每次应答的最长时间（秒）。",
        "mail_from": "发件地址。",
        "mail_from_name": "发件人名称。",
        "mail_domain": "邮件 Message-ID 中 @ 之后的部分。",
        "http_host": "HTTP 服务监听的地址。",
        "http_port": "HTTP 服务监听的端口。",
        "public_url": "用户访问页面所用的网址。",
        "secret_key": "会话 Cookie 的签名密钥，至少 32 个字符。",
        "hook_token": "对象存储推送事件时必须携带的令牌。",
        "session_hours": "页面登录的有效时长（小时）。",
        "drop_folder": "投递文件夹的根目录，`<根>/<单位代码>/[<年份>/]文件`。",
        "quiet_seconds": "文件大小和时间保持不变达到此秒数，才视为写完。",
        "empty_quiet_seconds": "0 字节文件的等待时间（秒），到时仍为空则不予受理。",
        "rescan_seconds": "除文件事件外，重新扫描文件夹的间隔（秒）。",
        "listing_seconds": "清点收件桶、找回漏报事件的间隔（秒）。",
        "max_bytes": "单个文件的大小上限（字节）。",
        "max_pages": "单个文件的页数上限。",
        "limits_file": "各地规定的报送期限等（TOML 文件，见 docs/operations.md）；留空则只按法定要求。",
        "reader_wall_seconds": "读取一份文件的最长时间（秒）。",
        "reader_cpu_seconds": "读取一份文件可用的 CPU 时间（秒）。",
        "reader_memory_mb": "读取进程的地址空间上限（MiB）。",
        "ocr_lane": "运行 ocr 工作进程（需安装 `ocr` 组件）：扫描件和图片可直接识别，而不只是提示。",
        "ocr_reader": "在隔离子进程中读取含图片文件的函数（点分路径）。",
        "ocr_wall_seconds": "识别一份含图片文件的最长时间（秒）。",
        "ocr_cpu_seconds": "识别一份含图片文件可用的 CPU 时间（秒）。",
        "ocr_memory_mb": "识别进程的地址空间上限（MiB）。",
        "office_lane": "运行 office 工作进程（需要 LibreOffice）：DOC、WPS、RTF 文件先转换再读取，而不是退回。",
        "office_command": "用来转换 DOC、WPS、RTF 的 LibreOffice；留空则在搜索路径中找 `soffice`。",
        "office_batch": "LibreOffice 启动一次最多转换的文件数。",
        "office_wall_seconds": "转换一批文件超过此时间，不再重新启动 LibreOffice（秒）。",
        "lane_soft_seconds": "识别图片、转换格式任务的软时限（秒）。",
        "lane_hard_seconds": "识别图片、转换格式任务的硬时限（秒）。",
        "extract_soft_seconds": "读取任务的软时限（秒）。",
        "extract_hard_seconds": "读取任务的硬时限（秒）。",
        "task_soft_seconds": "其他任务的软时限（秒）。",
        "task_hard_seconds": "其他任务的硬时限（秒）。",
        "lease_margin_seconds": "租约比硬时限多出的时间（秒）。",
        "visibility_seconds": "消息超过此秒数未确认，队列会再次派发。",
        "max_crashes": "异常中止或超时达到此次数，转为待人工处理。",
        "max_setbacks": "因外部服务失败达到此次数，转为待人工处理。",
        "backoff_first_seconds": "外部服务失败后第一次等待的时间（秒），以后逐次加倍。",
        "backoff_last_seconds": "外部服务失败后最长的等待时间（秒）。",
        "mail_backoff_first_seconds": "邮件第一次重试前等待的时间（秒），以后逐次加倍。",
        "mail_backoff_last_seconds": "邮件重试前最长的等待时间（秒）。",
        "mail_give_up_hours": "邮件超过此时长仍未被接收，记为发送失败（小时）。",
        "sweep_seconds": "清扫进程重新派发到期任务的间隔（秒）。",
        "renudge_seconds": "已派发但此秒数内无人认领的任务，重新派发。",
        "queue_buffer": "一个队列中等待的消息上限；取到一条消息的进程会把同一步骤中等待的记录一并处理。",
        "worker_concurrency": "一个工作进程组的进程数。",
        "soft_shutdown_seconds": "停止时留给正在执行的任务的时间（秒）。",
        "reader": "在隔离子进程中读取文件的函数（点分路径）。",
        "state_dir": "内置服务的数据、日志和自动生成的密钥所在的文件夹。",
        "log_level": "日志级别：DEBUG、INFO、WARNING 或 ERROR。",
        "log_json": "日志每行一个 JSON 对象；否则为便于阅读的文本。",
    }
)
"""What each setting means, for the Chinese README; a test keeps it complete."""


def english() -> str:
    """Variable, default and meaning of every setting, as a Markdown table."""
    fields = Settings.model_fields
    return _table(
        ("Variable", "Default", "Meaning"), {name: field.description or "" for name, field in fields.items()}, "(empty)"
    )


def chinese() -> str:
    """The same in Chinese. Raises KeyError for a setting that has no Chinese words yet."""
    return _table(("变量", "默认值", "含义"), {name: CHINESE[name] for name in Settings.model_fields}, "（空）")


def _table(heads: tuple[str, str, str], meanings: dict[str, str], empty: str) -> str:
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | --- |"]
    for name, meaning in meanings.items():
        default = _shown(Settings.model_fields[name].default, empty)
        lines.append(f"| `GOUJI_{name.upper()}` | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def _shown(default: Any, empty: str) -> str:
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(plain, bool):
        return f"`{str(plain).lower()}`"
    if plain == "":
        return empty
    return f"`{plain}`" if isinstance(plain, str | int | float | Path) else "—"
