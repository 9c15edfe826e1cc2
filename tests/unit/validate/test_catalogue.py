import subprocess
import sys
from pathlib import Path

import pytest

from services.validate.catalogue import catalogue, example_message
from services.validate.judge import judge
from services.validate.registry import RuleSpec, rules
from services.validate.rules.example import TALLYING

ROOT = Path(__file__).parents[3]


def test_the_page_in_docs_is_the_generated_one():
    again = "regenerate it: python -m services.validate.catalogue > docs/rules.md"
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == catalogue(), again


def test_the_module_prints_the_page():
    run = subprocess.run(
        [sys.executable, "-m", "services.validate.catalogue"], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    assert run.stdout.decode("utf-8") == catalogue()


@pytest.mark.parametrize("spec", rules(), ids=lambda spec: spec.id)
def test_the_example_breaks_its_rule(spec: RuleSpec):
    assert spec.id in {finding.rule for finding in judge(spec.example.build(), spec.example.context).findings}


def test_an_example_that_breaks_nothing_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.validate.catalogue.judge", lambda _report, _context: TALLYING)
    with pytest.raises(LookupError):
        example_message(rules()[0])
