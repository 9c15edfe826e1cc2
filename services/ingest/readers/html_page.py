"""Where on a web page the report stands, and what the page says of it elsewhere: title, publisher, date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.core.form.labels import squeeze
from services.ingest.readers.html_grid import Shown
from services.ingest.readers.html_parts import Node, Page
from services.ingest.recognise import table2, table3, table4
from services.ingest.recognise.opening import Title, find_ending, parse_date, title_at
from services.ingest.recognise.primitives import Item, Line, TableRow
from services.ingest.recognise.sections import section_key

_MOST_SECTIONS = 5
"""Of the six sections so many must stand together: one heading may be damaged or set apart."""
_FOOT = re.compile(
    r"版权所有|copyright|©|ICP备|公网安备|网站标识码|网站地图|技术支持[:：]|主办(?:单位)?[:：]|承办(?:单位)?[:：]"
    r"|^(?:上一[篇条页]|下一[篇条页])|^[【\[]?(?:打印(?:本页)?|关闭(?:窗口|本页)?|返回顶部)[】\]]?$|扫一扫|分享到|相关(?:链接|文章|信息)[:：]?$",
    re.IGNORECASE,
)
_SITE = re.compile(r"[_|\-—–]+[^_|\-—–]*$")
_PUBLISHERS = ("发布机构", "发文机关", "发布单位", "发文单位", "公开主体", "责任部门", "信息来源")
_DATES = ("发布日期", "公开日期", "发布时间", "发文日期", "生成日期", "成文日期", "公开时间")
_LABELLED = re.compile(rf"({'|'.join((*_PUBLISHERS, *_DATES))})[:：]?(.{{0,60}})")
_DAY = re.compile(r"\d{4}(?:年|[-./])\d{1,2}(?:月|[-./])\d{1,2}日?")
_BODY = re.compile(r"[\u4e00-\u9fff（）()]{4,40}")
_BODY_ENDS = re.compile(r"^.{0,36}(?:政府|局|委|办|厅|部|院|会|室|中心|街道|处|所|队|站|校|馆|社|行|公司|集团|署)$")
_AFTER = 4


@dataclass(slots=True)
class About:
    """What the page says beside the report; empty where it says nothing. ``title`` is looked for in head and meta."""

    title: Title | None = None
    publisher: str = ""
    date: str = ""


@dataclass(slots=True)
class Region:
    """The items of the report, and which sections hold pictures (section key → how many)."""

    items: list[Item] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    pictures: dict[str, int] = field(default_factory=dict)


def find_region(shown: Shown) -> Region:
    """The report within the page: the innermost element with all its tables and sections, its title, its date.

    Navigation before and footers behind are left out. Where nothing of a report is found everything counts.
    """
    marks = _marks(shown.items)
    if not marks:
        return Region(list(shown.items), list(range(len(shown.items))), _pictures(shown, range(len(shown.items))))
    home = _home(shown.nodes, marks)
    inside = _inside(shown.nodes, home)
    first, last = min(i for i, yes in enumerate(inside) if yes), max(i for i, yes in enumerate(inside) if yes)
    indices = [i for i in range(first, last + 1) if inside[i]]
    indices = _without_foot(shown.items, indices)
    indices = _from_title(shown.items, shown.nodes, marks, indices)
    indices += _ending_after(shown.items, indices)
    return Region([shown.items[i] for i in indices], indices, _pictures(shown, indices))


def _marks(items: Sequence[Item]) -> dict[int, str]:
    """Index → the section it heads, or empty for a row of a table of the form."""
    found: dict[int, str] = {}
    previous: str | None = None
    for index, item in enumerate(items):
        if isinstance(item, Line):
            if key := section_key(item.text):
                found[index] = key
            continue
        if row := table3.row_key(item, previous):
            found[index], previous = "", row
        elif table4.is_heading(item) or table2.row_key(item):
            found[index] = ""
    return found


def _home(nodes: Sequence[Node], marks: dict[int, str]) -> Node:
    rows: dict[Node, int] = {}
    keys: dict[Node, set[str]] = {}
    root = nodes[0]
    for index, key in marks.items():
        node: Node | None = nodes[index]
        while node is not None:
            if key:
                keys.setdefault(node, set()).add(key)
            else:
                rows[node] = rows.get(node, 0) + 1
            root, node = node, node.parent
    all_rows = sum(not key for key in marks.values())
    wanted = min(_MOST_SECTIONS, len(keys.get(root, ())))
    homes = [node for node in {**rows, **keys} if rows.get(node, 0) == all_rows and len(keys.get(node, ())) >= wanted]
    return max(homes, key=lambda node: node.depth)


def _inside(nodes: Iterable[Node], home: Node) -> list[bool]:
    known: dict[Node, bool] = {}
    answers = []
    for node in nodes:
        path: list[Node] = []
        one: Node | None = node
        while one is not None and one is not home and one not in known:
            path.append(one)
            one = one.parent
        answer = one is home or (one is not None and known[one])
        known.update(dict.fromkeys(path, answer))
        answers.append(answer)
    return answers


def _without_foot(items: Sequence[Item], indices: list[int]) -> list[int]:
    """Nothing from the first line of a site's footer on, looked for behind the last section's heading."""
    keys = [n for n, i in enumerate(indices) if isinstance(one := items[i], Line) and section_key(one.text)]
    tables = [n for n, i in enumerate(indices) if isinstance(items[i], TableRow)]
    start = max(keys[-1:] + [n for n in tables[-1:] if not keys], default=0) + 1
    for n in range(start, len(indices)):
        item = items[indices[n]]
        if isinstance(item, Line) and len(item.text) < 200 and _FOOT.search(squeeze(item.text)):
            return indices[:n]
    return indices


def _from_title(items: Sequence[Item], nodes: Sequence[Node], marks: Iterable[int], indices: list[int]) -> list[int]:
    """The indices from the last title above the first heading or table on; the title may stand outside of the region."""
    head = min((i for i in marks if i in set(indices)), default=indices[0])
    for index in range(head - 1, -1, -1):
        title = title_at(items, index)
        if title is None or title.end > head:
            continue
        first = index
        if not title.agency and index and _names_the_body(items[index - 1], nodes[index - 1] is nodes[index]):
            first -= 1
        return [*range(first, title.end), *(i for i in indices if i >= title.end)]
    return indices


def _names_the_body(item: Item, within: bool) -> bool:  # noqa: FBT001 - private, read at one place
    """Whether the line above a title that begins with the year holds the name of the body: by element, or by its end."""
    return isinstance(item, Line) and (within or bool(_BODY_ENDS.search(squeeze(item.text))))


def _ending_after(items: Sequence[Item], indices: Sequence[int]) -> list[int]:
    """Signature and date that stand in an element of their own right behind the report."""
    if find_ending([items[i] for i in indices], None).date_text:
        return []
    after = list(range(indices[-1] + 1, min(indices[-1] + 1 + _AFTER, len(items))))
    for count in range(1, len(after) + 1):
        if not isinstance(items[after[count - 1]], Line):
            break
        if find_ending([items[i] for i in after[:count]], None).date_text:
            return after[:count]
    return []


def _pictures(shown: Shown, indices: Iterable[int]) -> dict[str, int]:
    """How many pictures stand under each section's heading, among the items of the report."""
    own = list(indices)
    heads = [(i, key) for i in own if isinstance(one := shown.items[i], Line) and (key := section_key(one.text))]
    counted: dict[str, int] = {}
    for _, at in shown.pictures:
        key = next((key for i, key in reversed(heads) if i < at), "")
        if key and at <= own[-1] + 1:
            counted[key] = counted.get(key, 0) + 1
    return counted


def about(page: Page, shown: Shown) -> About:
    """Title, publisher and date as the head, the ``meta`` tags and the metadata block above the report give them."""
    found = About()
    head = "".join(page.source[run.start : run.end] for run in page.title)
    for text in (page.meta.get("articletitle", ""), head, _SITE.sub("", head.strip())):
        if text.strip() and (title := title_at([Line(" ".join(text.split()))], 0)) and (title.agency or title.year):
            found.title = title
            break
    labelled = _labelled(shown.items)
    source = squeeze(page.meta.get("contentsource", ""))
    found.publisher = next((labelled[name] for name in _PUBLISHERS if name in labelled), "") or _name(source)
    dates = [*(labelled[name] for name in _DATES if name in labelled), page.meta.get("pubdate", "")]
    days = (parse_date(match[0]) for text in dates if (match := _DAY.search(text)))
    found.date = next((day for day in days if day), "")
    return found


def _labelled(items: Sequence[Item]) -> dict[str, str]:
    """Label → value of the metadata block: beside it in the same line or cell, or in the next cell."""
    values: dict[str, str] = {}
    for item in items:
        texts = [item.text] if isinstance(item, Line) else [cell.text for cell in item.cells]
        for index, raw in enumerate(texts):
            match = _LABELLED.match(squeeze(raw))
            if match is None or match[1] in values:
                continue
            value = match[2] or (squeeze(texts[index + 1]) if index + 1 < len(texts) else "")
            if value := (_DAY.search(value) or [""])[0] if match[1] in _DATES else _name(value):
                values[match[1]] = value
    return values


def _name(text: str) -> str:
    match = _BODY.match(text)
    return match[0] if match and not any(one in match[0] for one in (*_PUBLISHERS, *_DATES)) else ""
