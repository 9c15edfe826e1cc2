"""What kind of body reports, as far as law and rules make a difference."""

from __future__ import annotations

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Level(StrEnum):
    """Where a body stands. The first four are areas: a government, or its general office reporting for the area.

    ``city`` is a city with districts or an autonomous prefecture (设区的市、自治州); ``county`` any unit of that rank.
    """

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    CENTRAL = "central"
    """A department of the State Council."""
    DEPARTMENT = "department"
    INSTITUTION = "institution"

    @property
    def governs_from_county_up(self) -> bool:
        """Whether 条例 Art. 49 gives until 31 March and Art. 50(四) asks for assessment and accountability."""
        return self in {Level.PROVINCE, Level.CITY, Level.COUNTY}

    @property
    def may_make_regulations(self) -> bool:
        """Whether 立法法 (2023) Art. 91, 93 allow the body rules (规章)."""
        return self in {Level.CENTRAL, Level.PROVINCE, Level.CITY}


LEVEL_WORDS: Final = MappingProxyType(
    {
        Level.PROVINCE: "省、自治区、直辖市",
        Level.CITY: "设区的市、自治州",
        Level.COUNTY: "县、区、县级市",
        Level.TOWNSHIP: "乡镇、街道",
        Level.CENTRAL: "国务院部门",
        Level.DEPARTMENT: "部门",
        Level.INSTITUTION: "事业单位",
    }
)
"""Each level in the words of people."""

_NAMES: Final = frozenset(level.value for level in Level)
_NATIONAL: Final = ("国家", "国务院", "中国", "中华", "全国")
"""Begin names of central departments, which may make rules, and of their local branches alike."""
_TOWNSHIP: Final = re.compile(r"(?:[乡镇]人民政府|[^府]*街道办事处|苏木人民政府)$")
_DEPARTMENT: Final = re.compile(r"(?:局|委|委员会|[^公]厅|中心|队)$")


def level_of(text: str | None, name: str | None = None) -> Level | None:
    """The level registered as `text`, else the one that the body's full name leaves no doubt of, else None.

    Names of central bodies and of their branches are left open, and so are those of governments above the
    township: 市 may be a city with districts or one of county rank.
    """
    if text and text in _NAMES:
        return Level(text)
    bare = "".join((name or "").split())
    if bare.startswith(_NATIONAL):
        return None
    if _TOWNSHIP.search(bare):
        return Level.TOWNSHIP
    return Level.DEPARTMENT if _DEPARTMENT.search(bare) else None
