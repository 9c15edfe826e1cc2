"""Whether extracted text is language at all: broken font maps give other characters, never other sentences."""

from __future__ import annotations

import re

# Frequent characters of administrative Chinese. In real reports they are well over half of all Han characters;
# in noise from a broken character map about one in twenty.
_FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用生到作地于出就分对成会可主发年动同工也能下过面而方后多定行学法所民得经"
    "十三之进等部度家里如化高自二理起小实加量都两体制机当使点从业本性应开合因由其前外政四日社义事平形相全表间与关各重新内数"
    "正明利质第向道变条只没结解问意建月公无系情者最立代已通并提题党程展五果员位入文总次式设及管特件求基资路级统接知较将组计"
    "期论指区强放决任取据处府信息申请收办规章许可罚费案复议诉讼栏目网站街镇乡县市省局委"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ENGLISH = re.compile(r"\b(?:the|of|and|to|in|for|is|with)\b", re.IGNORECASE)
_SANE_SHARE = 0.3
_FEWEST_HAN = 0.2


def is_language(text: str) -> bool:
    """Whether `text` reads as Chinese or English rather than as the noise of a broken font map."""
    dense = [char for char in text if not char.isspace()]
    han = [char for char in dense if _HAN.match(char)]
    if not dense:
        return False
    if len(han) < _FEWEST_HAN * len(dense):
        return len(_ENGLISH.findall(text)) >= max(3, len(dense) // 400)
    return sum(char in _FREQUENT for char in han) >= _SANE_SHARE * len(han)
