import pytest

from services.core.names import likeness


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("塔城乡人民政府", "塔城市塔城乡人民政府"),
        ("临溪县 住房和城乡建设局", "临溪县住房和城乡建设局"),
        ("临溪县人民政府办公室", "临溪县人民政府"),
        ("临溪县人民政府办公室", "临溪县政府"),
        ("石桥镇党政办公室", "临溪县石桥镇人民政府"),
        ("临溪县政务公开办公室", "临溪县人民政府"),
        ("临溪县", "临溪县人民政府"),
        ("临溪县发改委", "云岭市临溪县发展和改革委员会"),
        ("云岭市临溪县住建局", "临溪县住房和城乡建设局"),
        ("市场监管局", "云岭市市场监督管理局"),
        ("螺洋街道办事处", "台州市路桥区人民政府螺洋街道办事处"),
        ("临溪县文化广电和旅游局(文物局)", "临溪县文化广电和旅游局（临溪县文物局）"),
        ("国家税务总局临溪县税务局", "临溪县税务局"),
        ("临溪经开区管委会", "临溪经济开发区管理委员会"),
        ("塔城地区行署外事办公室", "塔城地区行政公署外事办公室"),
        ("永靖县", "临夏回族自治州永靖县人民政府"),
        ("永靖县住建局", "临夏回族自治州永靖县住房和城乡建设局"),
        ("", "临溪县人民政府"),
    ],
)
def test_regions_offices_and_abbreviations_make_no_other_body(one: str, other: str):
    assert likeness(one, other) == likeness(other, one) == "same"


@pytest.mark.parametrize(("one", "other"), [("沐阳县水利局", "沭阳县水利局"), ("临溪县自然资原局", "临溪县自然资源局")])
def test_a_character_apart_is_near(one: str, other: str):
    assert likeness(one, other) == "near"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("临溪县水利局", "临溪县财政局"),
        ("临溪县人民政府", "临溪县水利局"),
        ("云岭市石桥镇人民政府", "临溪县白塔镇人民政府"),
        ("迎宾路街道办事处", "东营市自然资源局"),
    ],
)
def test_another_body_is_another(one: str, other: str):
    assert likeness(one, other) == "other"


def test_the_same_office_of_another_region_is_not_the_same_body():
    assert likeness("青禾市临江县教育局", "云岭市白石县教育局") != "same"
    assert likeness("临夏回族自治州永靖县教育局", "临夏回族自治州东乡族自治县水利局") == "other"
