import inspect
import pkgutil
from importlib import import_module

import pytest

import services.validate.rules as package
from services.core.finding import Severity
from services.validate.registry import RuleSpec, rule, rules
from services.validate.rules.example import Example

MODULES = [import_module(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]
GENERATORS = {
    function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if name.startswith("rule_") and function.__module__ == module.__name__
}


def test_every_rule_function_is_registered_and_every_registered_function_is_a_rule_of_the_package():
    assert {spec.check for spec in rules()} == GENERATORS


@pytest.mark.parametrize("spec", rules(), ids=lambda spec: spec.id)
def test_a_rule_is_a_generator_named_after_its_id(spec: RuleSpec):
    assert inspect.isgeneratorfunction(spec.check)
    assert spec.check.__name__ == "rule_" + spec.id.lower().replace("-", "_")
    assert spec.check.__doc__


@pytest.mark.parametrize("spec", rules(), ids=lambda spec: spec.id)
def test_a_rule_tells_what_it_checks_why_and_under_which_law(spec: RuleSpec):
    assert spec.title
    assert spec.explanation.endswith("。")
    assert "《" in spec.basis
    assert spec.version >= 1


def test_the_set_asked_for_is_there_each_id_once():
    ids = [spec.id for spec in rules()]
    asked = {"T3-1", "T3-2", "T3-3", "T3-4", "T3-5", "T4-1", "T4-2", "T2-1"} | {
        f"{f}{n}" for f in "DB" for n in (1, 2, 3, 4)
    }
    assert asked <= set(ids)
    assert len(ids) == len(set(ids))
    assert ids[:4] == ["D1", "D2", "D3", "D4"]


def test_an_id_given_twice_is_refused():
    with pytest.raises(ValueError, match="T3-1"):
        rule("T3-1", severity=Severity.INFO, title="", explanation="", basis="", example=Example())(
            lambda _sheet: iter(())
        )


def test_rules_are_chosen_by_layout_and_by_year():
    assert "T3-8" in {spec.id for spec in rules(layout="2019", year=2023)}
    assert "T3-8" not in {spec.id for spec in rules(layout="2019", year=2020)}
    assert "T3-8" not in {spec.id for spec in rules(layout="2021", year=2023)}
    assert "T2-2" not in {spec.id for spec in rules(layout="2019")}
    assert {spec.id for spec in rules()} >= {spec.id for spec in rules(year=2016)} >= {"D3", "T3-1"}


def test_the_basis_names_the_notice_in_force_for_the_reported_year():
    spec = next(spec for spec in rules() if spec.id == "T3-1")
    assert "〔2019〕60号" in spec.basis_for(2020)
    assert "〔2021〕30号" in spec.basis_for(2021)
    assert "〔2021〕30号" in spec.basis_for(None)
