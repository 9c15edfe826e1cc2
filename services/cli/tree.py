"""`gouji agencies tree`: which body belongs to which, year by year."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from services.platform.db.engine import reading, unit_of_work
from services.platform.db.repositories.tree import export_tree, import_tree

tree = typer.Typer(help="The tree of bodies of each year.", no_args_is_help=True)

Year = Annotated[int, typer.Option(min=2008, max=2100, help="The reported year.")]

_NAMED = 5
"""Most unregistered bodies that are named."""


@tree.command("import")
def tree_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    year: Year,
) -> int:
    """Make a CSV file (UTF-8) the whole tree of a year; with any faulty line nothing is changed."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        print("文件不是 UTF-8 编码。请另存为“CSV UTF-8”后再导入。")
        return 1
    with unit_of_work() as session:
        done = import_tree(session, year, text)
    for fault in done.faults:
        print(f"第 {fault.line} 行：{fault.cause}")
    if done.faults:
        print("没有导入任何内容。")
        return 1
    print(f"已导入 {year} 年的 {done.bodies} 个单位。")
    if done.unregistered:
        more = " 等" if len(done.unregistered) > _NAMED else ""
        named = "、".join(done.unregistered[:_NAMED])
        print(
            f"其中 {len(done.unregistered)} 个不在名册中（{named}{more}）；要报送年报的，请用 gouji agencies import 登记。"
        )
    print("已入库的报告不会自动重新核对；可用 gouji rules dry-run 查看影响，再用 gouji rejudge 重新核对。")
    return 0


@tree.command("export")
def tree_export(year: Year) -> int:
    """Print the tree in force for a year as CSV: its own, or else the latest earlier one."""
    with reading() as session:
        found = export_tree(session, year)
    if found is None:
        print(f"还没有 {year} 年或更早的单位关系。", file=sys.stderr)
        return 1
    of, text = found
    if of != year:
        print(f"{year} 年没有单独的单位关系，沿用 {of} 年的。", file=sys.stderr)
    print(text, end="")
    return 0
