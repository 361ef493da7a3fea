"""Numbers that the Korean state and its telephone companies give to people and firms.

Hangul may stand right in front of a value and right behind it (`전화010-1234-5678로`), ASCII letters and digits may not.
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.guards import checksums
from gateway.guards.checksums import digits
from gateway.guards.pattern import Pattern


def resident_number(text: str) -> bool:
    """A plausible day of birth; and the check digit, unless born since it was given up and written with a separator."""
    number = digits(text)
    born = checksums.birth(number)
    if born is None:
        return False
    return checksums.resident(number) or (checksums.numbered_at_random(born) and len(text) > len(number))


def resident_number_by_its_context(text: str) -> bool:
    """A plausible day of birth, and not found without its context."""
    return checksums.birth(digits(text)) is not None and not resident_number(text)


def foreigner_number(text: str) -> bool:
    """A plausible day of birth and the check digit."""
    number = digits(text)
    return checksums.birth(number) is not None and checksums.foreigner(number)


def foreigner_number_since_2020(text: str) -> bool:
    """As written with a separator. Nobody can tell from the day of birth when somebody came, so the check digit decides nothing."""
    number = digits(text)
    return len(text) > len(number) and checksums.birth(number) is not None and not checksums.foreigner(number)


def foreigner_number_by_its_context(text: str) -> bool:
    """Without a separator and check digit, a plausible day of birth."""
    number = digits(text)
    return len(text) == len(number) and checksums.birth(number) is not None and not checksums.foreigner(number)


def business_number(text: str) -> bool:
    return checksums.business(digits(text))


def phone(text: str) -> bool:
    """A bracket that opens is closed; one that only closes is a way to write it (`02) 123-4567`)."""
    return "(" not in text or ")" in text


def driver_licence(text: str) -> bool:
    """The first two digits name the region of the office, from 11 (Seoul) to 28 (Northern Gyeonggi)."""
    return "11" <= text[:2] <= "28"


def passport(text: str) -> bool:
    """The form until December 2021 (`M12345678`, or two letters), or the one since, with a letter in the middle (`M123A4567`)."""
    return _PASSPORT.fullmatch(text) is not None


_PASSPORT: Final = re.compile("[MSRODG][0-9]{8}|[MSRODG][0-9]{3}[A-Z][0-9]{4}|[A-Z]{2}[0-9]{7}")


_BIRTH = r"(?<![0-9A-Za-z])[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_SEPARATOR = "(?: ?- ?| )?"
_END = "(?![0-9A-Za-z])"
_RRN = f"{_BIRTH}{_SEPARATOR}[0-49][0-9]{{6}}{_END}"
_FRN = f"{_BIRTH}{_SEPARATOR}[5-8][0-9]{{6}}{_END}"
_RRN_WORDS = ("주민", "등록번호", "민증", "rrn", "resident", "registration", "ssn")
_FRN_WORDS = ("외국인", "등록번호", "거소", "체류", "foreigner", "alien", "residence", "registration", "arc")
_LICENCE_WORDS = ("면허", "운전", "driver", "driving", "licence", "license")
_PASSPORT_WORDS = ("여권", "passport")
_PHONE_WORDS = (
    "전화",
    "연락처",
    "휴대",
    "핸드폰",
    "팩스",
    "번호는",
    "tel",
    "phone",
    "fax",
    "call",
    "mobile",
    "contact",
)

_GAP = r"(?:[ )]?[-.] ?|\) ?| )?"
_DASH = r"(?: ?[-.] ?|\) ?| )"
_AREA = "(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50[2-8]?)"

KOREAN: Final[Mapping[str, tuple[Pattern, ...]]] = {
    "KR_RRN": (
        Pattern("KR_RRN", _RRN, resident_number),
        Pattern("KR_RRN", _RRN, resident_number_by_its_context, score=0.7, context=_RRN_WORDS),
    ),
    "KR_FRN": (
        Pattern("KR_FRN", _FRN, foreigner_number),
        Pattern("KR_FRN", _FRN, foreigner_number_since_2020, score=0.6),
        Pattern("KR_FRN", _FRN, foreigner_number_by_its_context, score=0.6, context=_FRN_WORDS),
    ),
    "KR_BRN": (
        Pattern(
            "KR_BRN",
            r"(?<![0-9A-Za-z-])[1-9][0-9]{2} ?- ?[0-9]{2} ?- ?[0-9]{5}(?![0-9A-Za-z-])",
            business_number,
        ),
        Pattern(
            "KR_BRN",
            r"(?<![0-9A-Za-z-])[1-9][0-9]{2} ?[0-9]{2} ?[0-9]{5}(?![0-9A-Za-z-])",
            business_number,
            score=0.8,
            context=("사업자", "등록번호", "business", "registration", "brn", "tax"),
        ),
    ),
    "KR_DRIVER_LICENSE": (
        Pattern(
            "KR_DRIVER_LICENSE",
            f"(?<![0-9A-Za-z-])[12][0-9] ?- ?[0-9]{{2}} ?- ?[0-9]{{6}} ?- ?[0-9]{{2}}{_END}",
            driver_licence,
            score=0.9,
        ),
        Pattern(
            "KR_DRIVER_LICENSE",
            f"(?<![0-9A-Za-z-])[12][0-9] ?[0-9]{{2}} ?[0-9]{{6}} ?[0-9]{{2}}{_END}",
            driver_licence,
            score=0.8,
            context=_LICENCE_WORDS,
        ),
    ),
    "KR_PASSPORT": (
        Pattern(
            "KR_PASSPORT",
            f"(?<![0-9A-Za-z])[A-Z][A-Z0-9][0-9]{{2}}[A-Z0-9][0-9]{{4}}{_END}",
            passport,
            score=0.9,
            context=_PASSPORT_WORDS,
        ),
    ),
    "KR_PHONE": (
        Pattern("KR_PHONE", rf"(?<![0-9A-Za-z.])\(?01[016789]{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{4}}{_END}", phone),
        Pattern(
            "KR_PHONE",
            rf"(?<![0-9A-Za-z.-])\(?0{_AREA}{_DASH}[1-9][0-9]{{2,3}}{_DASH}[0-9]{{4}}(?![0-9A-Za-z-])",
            phone,
            score=0.9,
        ),
        Pattern(
            "KR_PHONE",
            f"(?<![0-9A-Za-z.-])0{_AREA}[1-9][0-9]{{6,7}}(?![0-9A-Za-z-])",
            score=0.7,
            context=_PHONE_WORDS,
        ),
        Pattern(
            "KR_PHONE",
            rf"(?<![0-9A-Za-z.-])(?:\+82|0082|82(?=[ .-])){_DASH}?(?:\(?0\)?)?(?:1[016789]|{_AREA}){_DASH}?[1-9][0-9]{{2,3}}{_DASH}?[0-9]{{4}}{_END}",
            phone,
        ),
    ),
}
