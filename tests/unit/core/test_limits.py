from datetime import date

from services.core.limits import LAW, Limits


def test_the_law_gives_departments_january_and_governments_march():
    assert LAW.last_day(2024, area=False) == date(2025, 1, 31)
    assert LAW.last_day(2024, area=True) == date(2025, 3, 31)


def test_a_region_may_ask_sooner():
    assert Limits(deadline=(1, 26)).last_day(2024, area=False) == date(2025, 1, 26)
