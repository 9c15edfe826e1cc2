"""What the hand-written pages name must be there: links, files, commands, variables; decisions have one shape."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer.main

from infra.demo.authored import REPORTS
from services.cli.application import app
from services.platform.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r"(?:services|infra|tests|docs)/[\w./-]+\.\w+|(?:services|infra|tests|docs)/(?:[\w-]+/)+")
_EXAMPLE_PLACES = {"docs/adr/NNNN-title.md", "services/core/form/data/2027.toml"}
"""Names that stand for a file that a reader is about to make."""
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def _ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / unquote(place)).resolve() if place else page
        assert target.exists(), f"{link}: no such file"
        assert target.is_relative_to(ROOT), f"{link}: leads out of the project"
        if anchor and target.suffix == ".md":
            assert unquote(anchor) in _anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_files_that_are_named_exist(page: Path) -> None:
    for code in _CODE.findall(page.read_text(encoding="utf-8")):
        for place in _PLACE.findall(code):
            assert place in _EXAMPLE_PLACES or (ROOT / place).exists(), f"{place} is not there"


def _commands() -> dict[tuple[str, ...], set[str]]:
    """Every command of `gouji` with its options."""
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(command: object, name: tuple[str, ...]) -> None:
        options = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}  # type: ignore[attr-defined]  # click's
        found[name] = options | {"--help"}
        for child, below in getattr(command, "commands", {}).items():
            walk(below, (*name, child))

    walk(typer.main.get_command(app), ())
    return found


def _shell_lines(text: str) -> list[str]:
    fenced = "\n".join(re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    return [*fenced.splitlines(), *_CODE.findall(text)]


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_every_gouji_command_is_real(page: Path) -> None:
    known = _commands()
    for line in _shell_lines(page.read_text(encoding="utf-8")):
        for call in re.findall(r"(?:^|[\s/])gouji ([a-z][^|;&#]*)", line):
            words = call.split()
            name = next((found for end in (3, 2, 1) if (found := tuple(words[:end])) in known), ())
            assert name, f"`gouji {call}`: no such command"
            for option in re.findall(r"(?<=\s)--[a-z-]+", f" {call}"):
                assert option in known[name], f"`gouji {call}`: no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_every_make_target_is_real(page: Path) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    for line in _shell_lines(page.read_text(encoding="utf-8")):
        for target in re.findall(r"^(?:\$ )?make ([a-z-]+)", line):
            assert target in targets, f"make {target}: no such target"


@pytest.mark.parametrize("page", PAGES, ids=_ids)
def test_every_variable_is_a_setting_or_one_of_the_compose_file(page: Path) -> None:
    compose = set(re.findall(r"\$\{(GOUJI_\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    known = {f"GOUJI_{name.upper()}" for name in Settings.model_fields} | compose
    # a name that ends with an underscore stands for a group: GOUJI_SMTP_…
    for name in re.findall(r"\bGOUJI_[A-Z0-9_]*[A-Z0-9]\b(?!_)", page.read_text(encoding="utf-8")):
        assert name in known, f"{name} is no setting"


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for page in DECISIONS:
        title = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}]({page.name})" in index


@pytest.mark.parametrize("page", DECISIONS, ids=_ids)
def test_a_decision_has_its_five_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}. ")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert heads == ["Context", "Decision", "Consequences", "Alternatives", "Files"]


def test_the_transcript_is_one_of_a_demo_that_went_well() -> None:
    text = (ROOT / "docs" / "transcripts" / "demo.txt").read_text(encoding="utf-8")
    assert text.startswith("$ make demo ARGS=--once\n")
    assert "账目相符。" in text
    assert "结果与预期不符" not in text
    for report in REPORTS.glob("*.toml"):
        assert report.stem in text
    assert not re.search(r"/(?:tmp|home|root|work)/", text), "no path of the machine it was made on"
