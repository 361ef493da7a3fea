"""Check digits and plausible dates of identifiers: what tells a number of a person from any other number."""

from collections.abc import Callable
from datetime import date
from typing import Final

Check = Callable[[str], bool]
"""Whether a number, digits and capital letters alone, is what it is said to be."""

RANDOM_SINCE: Final = (2020, 10)
"""Year and month of birth from which on a Korean resident number carries no check digit.

Numbers given since 5 October 2020 have six random digits behind the one for sex and century (amendment of the Enforcement
Rule of the Resident Registration Act, Ministry of the Interior and Safety). Somebody born earlier who was given a new number
since then has a random one too: such a number counts where a word beside it says what it is.
"""

_RESIDENT_WEIGHTS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_BUSINESS_WEIGHTS: Final = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_CENTURY: Final = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}  # fmt: skip
_LAST_PLAUSIBLE_YEAR: Final = 2049


def digits(text: str) -> str:
    """The ASCII digits of a text, in order."""
    return "".join(char for char in text if "0" <= char <= "9")


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B. All zeros are no number."""
    total = 0
    for place, char in enumerate(reversed(number)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total > 0 and total % 10 == 0


def iban(number: str) -> bool:
    """ISO 13616: country and check digits go to the end, letters count from 10, and 1 is left modulo 97."""
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def birth(number: str) -> date | None:
    """The date of birth in a Korean resident or foreigner number of 13 digits; None if there is no such day."""
    year = _CENTURY[number[6]] + int(number[:2])
    if year > _LAST_PLAUSIBLE_YEAR:
        return None
    try:
        return date(year, int(number[2:4]), int(number[4:6]))
    except ValueError:
        return None


def numbered_at_random(born: date) -> bool:
    """Whether whoever was born on this day was given a number without a check digit (`RANDOM_SINCE`)."""
    return (born.year, born.month) >= RANDOM_SINCE


def resident(number: str) -> bool:
    """The check digit of a Korean resident number given before October 2020."""
    return _resident_remainder(number) % 10 == int(number[12])


def foreigner(number: str) -> bool:
    """The check digit of a Korean foreigner number given before October 2020: that of a resident, plus two."""
    return (_resident_remainder(number) + 2) % 10 == int(number[12])


def business(number: str) -> bool:
    """The check digit of a Korean business registration number of 10 digits (National Tax Service)."""
    total = sum(int(char) * weight for char, weight in zip(number, _BUSINESS_WEIGHTS, strict=False))
    total += int(number[8]) * 5 // 10
    return (10 - total % 10) % 10 == int(number[9]) and number[:3] >= "101" and number[3:5] != "00"


def _resident_remainder(number: str) -> int:
    return 11 - sum(int(char) * weight for char, weight in zip(number, _RESIDENT_WEIGHTS, strict=False)) % 11
