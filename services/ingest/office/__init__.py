"""Converts office files that need another program (DOC, WPS, RTF) with LibreOffice, where it is installed."""

from __future__ import annotations

from services.ingest.office.conversion import Converted, convert
from services.ingest.office.program import Office, find_office
from services.ingest.office.session import Limits

__all__ = ["Converted", "Limits", "Office", "convert", "find_office"]
