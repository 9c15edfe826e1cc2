"""Each case of the folder is a test; together they trip every rule in every severity, and leave every rule alone."""

from __future__ import annotations

import pytest

from services.validate.registry import RuleSpec, rules
from tests.conformance.case import Case, cases
from tests.conformance.verdict import complaints, judged

CASES = cases()
FEWEST = 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_exactly_the_findings_of_the_case_come(case: Case):
    wrong = complaints(case, judged(case))
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_cases():
    assert len(CASES) >= FEWEST


@pytest.mark.parametrize("spec", rules(), ids=lambda spec: spec.id)
def test_each_rule_is_tripped_in_each_severity_and_left_alone(spec: RuleSpec):
    own = [case for case in CASES if case.rule == spec.id]
    severities = {finding["severity"] for case in own for finding in case.expected if finding["rule"] == spec.id}
    assert severities >= {severity.value for severity in (spec.severity, *spec.milder)}
    assert any(not case.trips for case in own), "a case that comes near and must not be found fault with"
