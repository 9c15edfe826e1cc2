"""The parts of a Word document: in a zip package, or in one flat XML file."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from services.core.errors import RejectedError
from services.ingest.readers.docx.names import BODY, DOCUMENT, IMPORTED, parse_part
from services.ingest.readers.docx.numbering import Numbering, numbering_of
from services.ingest.readers.docx.styles import Styles, read_styles, runs_have_looks, styles_of
from services.ingest.readers.zipped import Archive

_RELATIONSHIP: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ROOT_RELATIONS: Final = "_rels/.rels"
_USUAL: Final = "word/document.xml"
_TYPES: Final = "[Content_Types].xml"
_SMALL_PART: Final = 2 * 2**20
_DEFINITIONS: Final = 8 * 2**20
_WORD_TYPES: Final = (
    b"wordprocessingml.document.main+xml",
    b"wordprocessingml.template.main+xml",
    b"ms-word.document.macroenabled.main+xml",
    b"ms-word.template.macroenabledtemplate.main+xml",
)
_FLAT: Final = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
FLAT_MARK: Final = b"http://schemas.microsoft.com/office/2006/xmlPackage"
"""The namespace of a flat package; stands near the beginning of the file."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A document's body with the styles and lists that it refers to.

    ``run_looks``: runs may look otherwise than their paragraphs. ``imports``: some of its text stands in other files inside, which a word processor takes in on opening.
    """

    body: Element
    styles: Styles
    numbering: Numbering
    run_looks: bool
    imports: bool


def is_word(archive: Archive) -> bool:
    """Whether a zip file is a Word document, template or either with macros. Raises RejectedError: damaged."""
    if _USUAL in archive:
        return True
    types = (archive.read(_TYPES, _SMALL_PART) or b"").lower()
    return any(word in types for word in _WORD_TYPES)


def open_document(data: bytes) -> Opened:
    """The document in `data`. Raises RejectedError: damaged, encrypted, too_complex, unsupported_format."""
    if not data.startswith(b"PK"):
        return _open_flat(data)
    archive = Archive(data)

    def relations(name: str) -> dict[str, str]:
        part = archive.read(_relations_of(name), _SMALL_PART)
        return {} if part is None else _relations(parse_part(part), name)

    main = relations("").get("officeDocument", _USUAL)
    if main not in archive:
        main = _USUAL
    content = archive.read(main)
    if content is None:
        raise RejectedError("damaged", "缺少正文部分")
    document = parse_part(content)
    related = relations(main)
    styles = read_styles(archive.read(related.get("styles", _beside(main, "styles.xml")), _DEFINITIONS))
    numbers = archive.read(related.get("numbering", _beside(main, "numbering.xml")), _DEFINITIONS)
    return _opened(document, styles, None if numbers is None else parse_part(numbers), content)


def _open_flat(data: bytes) -> Opened:
    """One XML file with all parts inside (flat OPC), as Word saves it under the name of XML document."""
    parts: dict[str, Element] = {}
    for part in parse_part(data).iterfind(f"{_FLAT}part"):
        content = part.find(f"{_FLAT}xmlData")
        if content is not None and len(content):
            parts.setdefault(part.get(f"{_FLAT}name", "").removeprefix("/").lower(), content[0])
    find: Callable[[str], Element | None] = lambda name: parts.get(name.lower())  # noqa: E731 - one expression
    roots = find(_ROOT_RELATIONS)
    main = ("" if roots is None else _relations(roots, "").get("officeDocument", "")) or _USUAL
    document = find(main)
    if document is None:
        raise RejectedError("damaged", "缺少正文部分")
    links = find(_relations_of(main))
    related = {} if links is None else _relations(links, main)
    looks = find(related.get("styles", _beside(main, "styles.xml")))
    numbers = find(related.get("numbering", _beside(main, "numbering.xml")))
    styles = Styles() if looks is None else styles_of(looks)
    return _opened(document, styles, numbers, data)


def _opened(document: Element, styles: Styles, numbers: Element | None, content: bytes) -> Opened:
    body = document.find(BODY) if document.tag == DOCUMENT else None
    if body is None:
        raise RejectedError("damaged", "缺少正文部分")
    numbering = Numbering() if numbers is None else numbering_of(numbers, styles)
    imports = next(body.iter(IMPORTED), None) is not None
    return Opened(body, styles, numbering, runs_have_looks(content), imports)


def _relations_of(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _relations(root: Element, source: str) -> dict[str, str]:
    """Kind of relation (last word of its type) → name of the part inside the package; the first of each kind."""
    found: dict[str, str] = {}
    for relation in root.iterfind(_RELATIONSHIP):
        kind = relation.get("Type", "").rpartition("/")[2]
        target = relation.get("Target", "")
        if relation.get("TargetMode") != "External" and target:
            path = posixpath.normpath(posixpath.join("/", posixpath.dirname(source), target))
            found.setdefault(kind, path.removeprefix("/"))
    return found


def _beside(main: str, name: str) -> str:
    return posixpath.join(posixpath.dirname(main), name)
