"""Attacks on models and innocent texts that use the same words: the corpus by which the injection check is measured.

Everything is written by hand or put together by rule, so that the rates can be measured again. The same hand wrote corpus and
signals; how much that flatters the check, the texts of the family `AFTERWARDS` tell.
"""

import base64
import codecs
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from tests.support import injection_afterwards, injection_second
from tests.support.injection_attacks import CARRIERS, ENGLISH, EXTRACTING, KOREAN, PLANTED, STRUCTURED
from tests.support.injection_innocents import INNOCENTS

AFTERWARDS: Final = "written afterwards"

_STEP: Final = 7
"""Carriers and encodings are paired with orders by strides, so that all of both occur."""


class Sample(NamedTuple):
    family: str
    text: str


def attacks() -> list[Sample]:
    """Direct ones in two languages, planted in documents and tool results, with faked structure, and encoded."""
    orders = (*ENGLISH, *EXTRACTING, *KOREAN, *PLANTED)
    planted = [
        carrier.format(orders[(at * _STEP + turn * 13) % len(orders)])
        for at, carrier in enumerate(CARRIERS)
        for turn in range(4)
    ]
    plain = (*ENGLISH, *EXTRACTING)
    encoded = [
        encode(plain[(at * _STEP + turn * 11) % len(plain)])
        for at, encode in enumerate(ENCODINGS.values())
        for turn in range(4)
    ]
    return [
        *_family("direct, English", ENGLISH),
        *_family("extraction, English", EXTRACTING),
        *_family("direct, Korean", KOREAN),
        *_family("planted alone", PLANTED),
        *_family("planted in a document", planted),
        *_family("faked structure", STRUCTURED),
        *_family("encoded or disguised", encoded),
        *_family("second round", injection_second.ATTACKS),
        *_family(AFTERWARDS, injection_afterwards.ATTACKS),
    ]


def innocents() -> list[Sample]:
    """Texts with trigger words that give no model any order."""
    families = {**INNOCENTS, "second round": injection_second.INNOCENTS, AFTERWARDS: injection_afterwards.INNOCENTS}
    return [sample for family, texts in families.items() for sample in _family(family, texts)]


def _family(name: str, texts: Sequence[str]) -> list[Sample]:
    return [Sample(name, text) for text in texts]


def _base64(text: str) -> str:
    return f"Please have a look at this: {base64.b64encode(text.encode()).decode()}"


def _base64_in_lines(text: str) -> str:
    return f"attachment:\n{base64.encodebytes((text + ' Thank you. ' + text).encode()).decode()}"


def _hex(text: str) -> str:
    return f"payload = {text.encode().hex()}"


def _hex_escapes(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


def _percent(text: str) -> str:
    return f"https://site.example/?q={''.join(f'%{byte:02X}' for byte in text.encode())}"


def _percent_twice(text: str) -> str:
    return urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="")


def _entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def _tags(text: str) -> str:
    return "What a nice day!" + "".join(chr(0xE0000 + ord(char)) for char in text if char.isascii())


def _zero_width(text: str) -> str:
    return "\u200b".join(text)


def _homoglyphs(text: str) -> str:
    return text.translate(str.maketrans("aeopcixys", "аеорсіхуѕ"))


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _spaced(text: str) -> str:
    return "  ".join(" ".join(word) for word in text.split())


def _leet(text: str) -> str:
    return text.translate(str.maketrans("aeios", "43105"))


def _backwards(text: str) -> str:
    return text[::-1]


ENCODINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "base64": _base64,
    "base64 in lines": _base64_in_lines,
    "hexadecimal": _hex,
    "hexadecimal escapes": _hex_escapes,
    "rot13": _rot13,
    "percent-encoding": _percent,
    "percent-encoding twice": _percent_twice,
    "HTML entities": _entities,
    "tag characters": _tags,
    "zero-width characters between letters": _zero_width,
    "Cyrillic homoglyphs": _homoglyphs,
    "full-width letters": _full_width,
    "spaced letters": _spaced,
    "digits for letters": _leet,
    "backwards": _backwards,
}
