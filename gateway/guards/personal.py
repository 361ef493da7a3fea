"""Personal data that is written alike in many countries."""

import re
from collections.abc import Mapping
from typing import Final

from gateway.guards import checksums
from gateway.guards.checksums import digits
from gateway.guards.pattern import Pattern

_FILES: Final = frozenset(
    {
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "ico",
        "pdf",
        "js",
        "ts",
        "css",
        "map",
        "json",
        "yaml",
        "yml",
        "md",
        "html",
        "txt",
    }
)
_ROLES: Final = frozenset({"git", "svn"})

_PASSPORT: Final = re.compile("[A-Z]{1,2}[0-9]{6,8}|[0-9]{9}")
_BRANDS: Final[Mapping[int, tuple[str, ...]]] = {
    14: ("30", "36", "38"),
    15: ("34", "37"),
    16: ("4", "51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27", "35", "60", "62", "64", "65", "9"),
    19: ("4", "62"),
}
"""What numbers of a length begin with: Visa, Mastercard, JCB, Discover, UnionPay, Diners Club, American Express, and with 9 the
cards of Korea that are good only there."""

_IBAN_LENGTHS: Final[Mapping[int, str]] = {
    15: "NO", 16: "BE", 18: "DK|FI|FO|GL|NL|SD", 19: "MK|SI", 20: "AT|BA|EE|KZ|LT|LU|XK|MN", 21: "CH|HR|LI|LV",
    22: "BG|BH|CR|DE|GB|GE|IE|ME|RS|VA", 23: "AE|GI|IL|IQ|OM|TL|SO", 24: "AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG", 25: "LY|PT|ST",
    26: "IS|TR", 27: "BI|DJ|FR|GR|IT|MC|MR|SM", 28: "AL|AZ|BY|CY|DO|GT|HU|LB|NI|PL|SV", 29: "BR|EG|PS|QA|UA", 30: "JO|KW|MU|YE",
    31: "MT|SC", 32: "LC", 33: "RU",
}  # fmt: skip
"""Country codes by the length of their account numbers (the IBAN registry of SWIFT)."""


def email(text: str) -> bool:
    """Not the address of a repository (`git@host`), nor the name of a picture (`logo@2x.png`)."""
    local, _, domain = text.rpartition("@")
    return (
        ".." not in text
        and ".-" not in domain
        and local not in _ROLES
        and domain.rpartition(".")[2].lower() not in _FILES
    )


def card(text: str) -> bool:
    """A prefix of a brand with the length that this brand has, and the check digit of Luhn."""
    number = digits(text)
    return number.startswith(_BRANDS.get(len(number), ())) and checksums.luhn(number)


def iban(text: str) -> bool:
    return checksums.iban(text.replace(" ", "").replace("-", ""))


def phone(text: str) -> bool:
    """8 to 15 digits (E.164) of which not all are alike."""
    number = digits(text)
    return 8 <= len(number) <= 15 and len(set(number)) > 2


def north_american_phone(text: str) -> bool:
    """Not one that is free to call or paid for by the caller: those are public."""
    number = digits(text)
    area = number[-10:-7]
    return (
        (len(number) == 10 or number[0] == "1")
        and area >= "200"
        and area not in {"800", "833", "844", "855", "866", "877", "888", "900"}
        and text.startswith("(") == (")" in text)
    )


def national_phone(text: str) -> bool:
    """One of North America, or a British mobile."""
    return north_american_phone(text) if len(digits(text)) == 10 else text.startswith("07")


def social_security_number(text: str) -> bool:
    """No group is all zeros (Social Security Administration), and none of the numbers that were printed as samples."""
    number = digits(text)
    return (
        number[:3] not in {"000", "666"}
        and number[3:5] != "00"
        and number[5:] != "0000"
        and number not in {"078051120", "219099999"}
        and len(set(number)) > 1
    )


def passport(text: str) -> bool:
    """One or two letters with 6 to 8 digits, or 9 digits."""
    return _PASSPORT.fullmatch(text) is not None


def _ibans() -> str:
    """One alternative for each length, in groups of four or in one. The first letter stands before the alternatives, which
    look back at it: that is what makes a search fast.
    """
    rows = []
    for length, countries in _IBAN_LENGTHS.items():
        whole, rest = divmod(length - 4, 4)
        tail = f"[ -]?[A-Z0-9]{{{rest}}}" if rest else ""
        second = "|".join(f"(?<={country[0]}){country[1]}" for country in countries.split("|"))
        rows.append(f"(?:{second})[0-9]{{2}}(?:[ -]?[A-Z0-9]{{4}}){{{whole}}}{tail}")
    return f"(?<![0-9A-Za-z])[A-Z](?=[A-Z])(?:{'|'.join(rows)})(?![0-9A-Za-z])"


_START = "(?<![0-9A-Za-z.])"
_END = "(?![0-9A-Za-z])"
_FOUR = "[ -]?[0-9]{4}"
_CARD = f"[2-69][0-9]{{3}}(?:[0-9]{{15}}|{_FOUR}{_FOUR}{_FOUR}|[ -]?[0-9]{{6}}[ -]?[0-9]{{4,5}})"
_SSN = "(?<![0-9A-Za-z.-])[0-8][0-9]{2}%s[0-9]{2}%s[0-9]{4}(?![0-9A-Za-z-])"
_PHONE_WORDS = ("phone", "tel", "call", "mobile", "cell", "contact", "fax", "number", "전화", "연락처")

PERSONAL: Final[Mapping[str, tuple[Pattern, ...]]] = {
    "EMAIL_ADDRESS": (
        Pattern(
            "EMAIL_ADDRESS",
            "(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}"
            rf"\.[A-Za-z]{{2,18}}{_END}",
            email,
        ),
    ),
    "PHONE_NUMBER": (
        Pattern("PHONE_NUMBER", rf"(?<![0-9A-Za-z+])\+[1-9](?:(?: ?\(|\) ?|[ .-])?[0-9]){{7,14}}{_END}", phone),
        Pattern(
            "PHONE_NUMBER",
            r"(?<![0-9A-Za-z+.-])[(1-9](?:[-. ][2-9][0-9]{2}[-.]|[0-9]{2}[-.]|[2-9][0-9]{2}\) ?)[2-9][0-9]{2}[-.][0-9]{4}(?![0-9A-Za-z-])",
            north_american_phone,
            score=0.8,
        ),
        Pattern(
            "PHONE_NUMBER",
            "(?<![0-9A-Za-z+.-])[02-9][0-9]{2}(?: ?[2-9][0-9]{2} ?[0-9]{4}|[0-9]{2} ?[0-9]{3} ?[0-9]{3})(?![0-9A-Za-z-])",
            national_phone,
            score=0.6,
            context=_PHONE_WORDS,
        ),
    ),
    "CREDIT_CARD": (Pattern("CREDIT_CARD", f"{_START}{_CARD}{_END}", card),),
    "IBAN_CODE": (Pattern("IBAN_CODE", _ibans(), iban),),
    "US_SSN": (
        Pattern(
            "US_SSN",
            _SSN % ("-", "-"),
            social_security_number,
            score=0.9,
        ),
        Pattern(
            "US_SSN",
            _SSN % (" ?", " ?"),
            social_security_number,
            score=0.7,
            context=("social security", "ssn", "사회보장"),
        ),
    ),
    "PASSPORT": (
        Pattern(
            "PASSPORT",
            f"(?<![0-9A-Za-z-])[A-Z0-9][A-Z0-9][0-9]{{5,8}}{_END}",
            passport,
            score=0.7,
            context=("passport", "passeport", "reisepass", "pasaporte", "여권"),
        ),
    ),
}
