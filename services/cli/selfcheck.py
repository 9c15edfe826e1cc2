"""The check of the page "报送前自查": the desk shows it, and only the rooms beside it can read and judge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from sqlalchemy import select

from services.cli.precheck import Beside, File, check
from services.core.errors import RetryableError
from services.core.report import Report
from services.desk.selfcheck import Answer, Asked, Upload
from services.ingest.extract import make_reading_room
from services.platform.clock import CHINA, now
from services.platform.db.engine import reading
from services.platform.db.models import Agency
from services.platform.logging import log
from services.platform.settings import Settings
from services.validate.judge import Context
from services.validate.knowledge import Origin, known_of

_NEWEST = 2**62
"""The number of a submission that comes after all that are there."""


class SelfCheck:
    """Reads in a confined child with the limits of every reading, judges, and keeps nothing.

    One document at a time: a thread of its own holds the reading room, which is not for several and whose child ends
    with the thread that started it.
    """

    def __init__(self, config: Settings) -> None:
        self._room = make_reading_room(config)
        self._thread = ThreadPoolExecutor(1, "self-check")

    def __call__(self, asked: Asked) -> Answer:
        return self._thread.submit(self._checked, asked).result()

    def close(self) -> None:
        """End thread and reading child."""
        self._thread.submit(self._room.close)
        self._thread.shutdown()

    def _checked(self, asked: Asked) -> Answer:
        try:
            beside, unread = Beside.read(self._room, last_year=_file(asked.last_year), with_office=False)
            document = File(asked.document.name, asked.document.data)
            checked = check(self._room, document, lambda report: _known(report, asked), beside, with_office=False)
        except RetryableError:
            raise
        except Exception as error:  # noqa: BLE001 - a defect's text may quote the document, of which nothing is kept
            log(__name__).error("self_check_failed", error=type(error).__name__)
            raise RetryableError("self-check") from None
        return Answer(checked.document, checked.progress, (*unread, *checked.notes))


def _file(upload: Upload | None) -> File | None:
    return File(upload.name, upload.data) if upload else None


def _known(report: Report, asked: Asked) -> Context:
    """What a submission of this moment would be judged from; nothing for a document of no particular body."""
    if not asked.agency_code:
        return Context(received_on=_today())
    with reading() as session:
        body = session.execute(select(Agency.name, Agency.level).where(Agency.code == asked.agency_code)).one_or_none()
        name, level = (body.name, body.level) if body else (None, None)
        return known_of(session, Origin(_NEWEST, asked.agency_code, name, level, None, _today()), report).context


def _today() -> date:
    return now().astimezone(CHINA).date()
