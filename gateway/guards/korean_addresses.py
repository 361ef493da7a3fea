"""Korean addresses by road and number (`강남구 테헤란로 152`) and by lot (`종로구 청운동 12-3`).

An address begins with a province, city, county or district; a road alone counts only where a word in front says `address`.
What names the flat (`101동 1203호`, `3층`, `(역삼동)`) belongs to it.
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.guards.pattern import Pattern


def in_korea(text: str) -> bool:
    """Begins with a province, or with a city, county or district."""
    first = text.partition(" ")[0]
    return _PROVINCES.fullmatch(first) is not None or (first[-1] in "시군구" and 2 <= len(first) <= 5)


_HANGUL = "[가-힣]"
_PROVINCES: Final = re.compile(
    "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주|충청[북남]|전라[북남]|경상[북남])"
    "(?:특별자치시|특별자치도|특별시|광역시|시|도)?"
)
_FIRST = f"{_HANGUL}{{1,6}}[시군구도울산천주전종기원북남]"
"""Whatever may be the name of a province or a district. `in_korea` looks closer: a search for alternatives would be slow."""
_DISTRICT = f"{_HANGUL}{{1,4}}[시군구]"
_REGION = f"{_FIRST} (?:{_DISTRICT} )?(?:{_DISTRICT} )?"
_VILLAGE = f"(?:{_HANGUL}{{1,6}}[읍면] )?"
_ROAD = "[가-힣][가-힣0-9]{0,11}[로길](?: ?[0-9]{1,4}[가-하]?번?[가-하]?길)? ?(?:지하 ?)?[0-9]{1,4}(?:-[0-9]{1,4})?"
_LOT = f"{_HANGUL}{{1,6}}[0-9]{{0,2}}[동가리](?: {_HANGUL}{{1,5}}리)? ?(?:산 ?)?[0-9]{{1,4}}(?:-[0-9]{{1,4}})?(?:번지)?"
_COUNTED = "(?![0-9A-Za-z월일년시분초개곳명회차세대원만천억호층킬미%번])"
"""Behind the number: what would make it a count, a day or a price."""
_FLAT = (
    "(?:,? ?[가-힣A-Za-z0-9]{1,12}(?:아파트|빌라|빌딩|타워|오피스텔|맨션))?"
    "(?:,? ?[0-9A-Za-z가-하]{1,4}동)?(?:,? ?(?:지하 ?|B)?[0-9]{1,3}층)?(?:,? ?[0-9A-Za-z]{1,5}호)?"
    r"(?: ?\([가-힣0-9, ]{2,20}\))?"
)

KOREAN_ADDRESSES: Final[Mapping[str, tuple[Pattern, ...]]] = {
    "KR_ADDRESS": (
        Pattern(
            "KR_ADDRESS", f"(?<!{_HANGUL}){_REGION}{_VILLAGE}(?:{_LOT}|{_ROAD}){_COUNTED}{_FLAT}", in_korea, score=0.9
        ),
        Pattern(
            "KR_ADDRESS",
            f"(?<!{_HANGUL}){_ROAD}{_COUNTED}{_FLAT}",
            score=0.6,
            context=("주소", "배송지", "거주지", "사는 곳", "address"),
        ),
    ),
}
