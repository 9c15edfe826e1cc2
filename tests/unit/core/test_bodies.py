import pytest

from services.core.bodies import Level, level_of


@pytest.mark.parametrize(
    ("text", "name", "level"),
    [
        ("county", "临溪县自然资源局", Level.COUNTY),
        (None, "塔城乡人民政府", Level.TOWNSHIP),
        ("", "螺洋街道办事处", Level.TOWNSHIP),
        (None, "临溪县 自然资源局", Level.DEPARTMENT),
        (None, "上海市科学技术委员会", Level.DEPARTMENT),
        (None, "宿迁市人民政府", None),
        (None, "固镇县人民政府办公室", None),
        (None, "上海市人民政府办公厅", None),
        (None, "国家统计局", None),
        (None, None, None),
        ("nonsense", None, None),
    ],
)
def test_a_level_is_the_registered_one_or_one_that_the_name_leaves_no_doubt_of(
    text: str | None, name: str | None, level: Level | None
):
    assert level_of(text, name) is level


def test_only_governments_from_county_up_have_until_march():
    assert {level for level in Level if level.governs_from_county_up} == {Level.PROVINCE, Level.CITY, Level.COUNTY}


def test_counties_townships_and_local_departments_make_no_regulations():
    assert {level for level in Level if not level.may_make_regulations} == {
        Level.COUNTY,
        Level.TOWNSHIP,
        Level.DEPARTMENT,
        Level.INSTITUTION,
    }
