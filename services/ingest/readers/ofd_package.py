"""The parts of an OFD file (GB/T 33190): documents, pages, templates and composite units, found by their locations.

A location in the file is a key into the archive and nothing else; nothing is extracted.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from services.core.errors import RejectedError
from services.ingest.readers.markup import parse
from services.ingest.readers.ofd_geometry import box
from services.ingest.readers.zipped import Archive

ENTRY = "OFD.xml"
_PART = 16 * 2**20
_A4 = (0.0, 0.0, 210.0, 297.0)
_LONGEST_SIDE = 10_000.0
"""Millimetres; the longest paper there is has a tenth of that."""
_MOST_DOCUMENTS = 100
_MOST_TEMPLATES = 16


@dataclass(slots=True)
class PagePart:
    """One page: its visible box (x, y, width, height in mm) and what is drawn, templates first."""

    box: tuple[float, float, float, float]
    contents: list[Element]


@dataclass(slots=True)
class _Document:
    root: Element
    location: str
    templates: dict[str, str] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    units: dict[str, Element] | None = None
    read: dict[str, Element] = field(default_factory=dict)


class Package:
    """An open OFD file. Raises RejectedError: damaged, encrypted, too_complex, also from its methods."""

    def __init__(self, data: bytes) -> None:
        self._archive = Archive(data)
        entry = self._part(ENTRY)
        if entry is None:
            raise RejectedError("damaged", "缺少 OFD.xml")
        roots = [text for root in entry.iterfind("{*}DocBody/{*}DocRoot") if (text := _text(root))]
        if len(roots) > _MOST_DOCUMENTS:
            raise RejectedError("too_complex", f"{len(roots)}个文档")
        self._documents = [self._open(location) for location in roots]
        if not self._documents:
            raise RejectedError("damaged", "文件里没有文档")
        self._pages = [(document, location) for document in self._documents for location in document.pages]

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, index: int) -> PagePart:
        """Page `index`, from 0 over all documents."""
        document, location = self._pages[index]
        page = self._part(*_places(document.location, location))
        if page is None:
            raise RejectedError("damaged", f"缺少第{index + 1}页")
        uses = (use.get("TemplateID", "") for use in page.findall("{*}Template")[:_MOST_TEMPLATES])
        templates = [template for use in uses if (template := self._template(document, use)) is not None]
        own = _page_box(page.find("{*}Area"))
        common = document.root.find("{*}CommonData/{*}PageArea")
        return PagePart(_sensible(own or _page_box(common) or _A4), [*templates, page])

    def unit(self, index: int, name: str) -> Element | None:
        """The composite unit of that identifier in the resources of the document that page `index` belongs to."""
        document = self._pages[index][0]
        if document.units is None:
            document.units = self._units(document)
        return document.units.get(name)

    def _open(self, location: str) -> _Document:
        root = self._part(*_places(ENTRY, location))
        if root is None:
            if any("encrypt" in name for name in self._archive.names):
                raise RejectedError("encrypted")
            raise RejectedError("damaged", "缺少文档的说明文件")
        document = _Document(root, location.lstrip("/"))
        for template in root.iterfind("{*}CommonData/{*}TemplatePage"):
            document.templates[template.get("ID", "")] = template.get("BaseLoc", "")
        document.pages = [page.get("BaseLoc", "") for page in root.iterfind("{*}Pages/{*}Page")]
        return document

    def _template(self, document: _Document, name: str) -> Element | None:
        """A template is drawn as it is: templates of its own, which the standard does not have, are not followed."""
        if name not in document.read and (location := document.templates.get(name)):
            part = self._part(*_places(document.location, location))
            if part is not None:
                document.read[name] = part
        return document.read.get(name)

    def _units(self, document: _Document) -> dict[str, Element]:
        units: dict[str, Element] = {}
        for kind in ("PublicRes", "DocumentRes"):
            for place in document.root.findall(f"{{*}}CommonData/{{*}}{kind}")[:_MOST_TEMPLATES]:
                part = self._part(*_places(document.location, _text(place)))
                if part is not None:
                    found = part.iterfind("{*}CompositeGraphicUnits/{*}CompositeGraphicUnit")
                    units.update((unit.get("ID", ""), unit) for unit in found)
        return units

    def _part(self, *locations: str) -> Element | None:
        for location in locations:
            content = self._archive.read(location, _PART)
            if content is not None:
                return parse(content)
        return None


def _places(base: str, location: str) -> tuple[str, ...]:
    """Where a location may point to: from the root of the file, from the part that names it, or as it stands."""
    path = location.strip().replace("\\", "/")
    if path.startswith("/"):
        return (posixpath.normpath(path).lstrip("/"),)
    near = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    return near, posixpath.normpath(path)


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _page_box(area: Element | None) -> tuple[float, float, float, float] | None:
    physical = area.find("{*}PhysicalBox") if area is not None else None
    return box(physical.text) if physical is not None else None


def _sensible(page: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if not (0 < page[2] <= _LONGEST_SIDE and 0 < page[3] <= _LONGEST_SIDE):
        raise RejectedError("damaged", "页面尺寸超出合理范围")
    return page
