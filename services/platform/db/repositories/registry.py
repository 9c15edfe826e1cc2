"""The register of bodies and contacts: import from CSV, and who is to be told about a body."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final, cast

from sqlalchemy import Row, Table, bindparam, delete, select
from sqlalchemy.orm import Session

from services.platform.db.models import Agency, Contact

COLUMNS = ("agency_code", "agency_name", "level", "contact_role", "contact_name", "contact_email")
EVERYBODY = "*"
"""Reviewers under this code are told about every body."""

_LONGEST = {"agency_name": 200, "level": 40, "contact_name": 100}
BODY_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^@\s]{1,189}")


# built once: this runs for every notice
_CONTACT = cast("Table", Contact.__table__).c
_CONTACTS = (
    select(_CONTACT.role, _CONTACT.name, _CONTACT.email)
    .where(_CONTACT.agency_code.in_([bindparam("agency"), EVERYBODY]))
    .order_by(_CONTACT.id)
)


@dataclass(frozen=True, slots=True)
class ImportFault:
    """A line of the file that cannot be taken, with the cause in Chinese."""

    line: int
    cause: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. With any fault nothing at all is written."""

    agencies: int
    contacts: int
    faults: tuple[ImportFault, ...]


def import_csv(session: Session, text: str) -> Imported:
    """Bring the register in line with a CSV file (columns: see COLUMNS; one line a contact).

    Bodies in the file are added or renamed and their contacts replaced; bodies not in the file stay as they are.
    """
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        return _import(session, reader)
    except csv.Error as error:
        return Imported(0, 0, (ImportFault(reader.line_num + 1, f"不是有效的 CSV（{error}）"),))


def _import(session: Session, reader: csv.DictReader[str]) -> Imported:
    if tuple(reader.fieldnames or ()) != COLUMNS:
        return Imported(0, 0, (ImportFault(1, f"表头应为：{','.join(COLUMNS)}"),))
    names: dict[str, tuple[str, str]] = {}
    contacts: dict[str, list[Contact]] = {}
    faults: list[ImportFault] = []
    for raw in reader:
        line = {key: (raw.get(key) or "").strip() for key in COLUMNS}
        fault = _fault(line) or _too_long(line)
        if fault:
            faults.append(ImportFault(reader.line_num, fault))
            continue
        code = line["agency_code"]
        names[code] = (line["agency_name"] or "全部单位", line["level"])
        listed = contacts.setdefault(code, [])
        if line["contact_email"] and all(
            (known.role, known.email) != (line["contact_role"], line["contact_email"]) for known in listed
        ):
            listed.append(
                Contact(
                    agency_code=code,
                    role=line["contact_role"],
                    name=line["contact_name"],
                    email=line["contact_email"],
                )
            )
    if faults:
        return Imported(0, 0, tuple(faults))
    for code, (name, level) in names.items():
        session.merge(Agency(code=code, name=name, level=level))
    session.flush()
    session.execute(delete(Contact).where(Contact.agency_code.in_(list(names))))
    for listed in contacts.values():
        session.add_all(listed)
    return Imported(len(names), sum(map(len, contacts.values())), ())


def _fault(line: dict[str, str]) -> str | None:
    code = line["agency_code"]
    if code in {"done", "failed"} or (code != EVERYBODY and not BODY_CODE.fullmatch(code)):
        return f"单位代码“{code}”只能含字母、数字、点、横线和下划线，最长 64 位，也不能是 done 或 failed"
    if code != EVERYBODY and not line["agency_name"]:
        return "缺少单位名称"
    if line["contact_email"] and not _EMAIL.fullmatch(line["contact_email"]):
        return f"邮箱地址“{line['contact_email']}”不正确"
    if line["contact_email"] and line["contact_role"] not in {"agency", "reviewer"}:
        return "contact_role 应为 agency（报送单位）或 reviewer（主管部门）"
    if code == EVERYBODY and line["contact_role"] != "reviewer":
        return "代码 * 只用于主管部门（reviewer）"
    return None


def _too_long(line: dict[str, str]) -> str | None:
    long = next((name for name, most in _LONGEST.items() if len(line[name]) > most), None)
    return f"{long} 最长 {_LONGEST[long]} 字" if long else None


def contacts_for(session: Session, agency_code: str) -> Sequence[Row[Any, Any, Any]]:
    """Whoever is told about a body (`role`, `name`, `email`): its own contacts, and the reviewers of everybody."""
    return session.connection().execute(_CONTACTS, {"agency": agency_code}).all()
