"""The other ways to read a text: decoded, backwards, with look-alike letters as what they look like. Twice at most, and bounded."""

import base64
import binascii
import codecs
import html
import re
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Final

from gateway.guards.checks.injection_hidden import TAGS
from gateway.guards.fold import fold

DEEPEST: Final = 2
_MOST_READ: Final = 16_000
"""Characters of all readings of one window together."""
_MOST_CANDIDATES: Final = 8


def plain(raw: str) -> str:
    """Folded, in lower case, with one space for each run of spaces."""
    return _SPACES.sub(" ", fold(raw).text.lower())


def readings(raw: str, text: str) -> Iterator[tuple[str, str]]:
    """Each with the name of the disguise, plain. `text` is `raw` made plain."""
    left = _MOST_READ
    waiting = [(raw, text, 1)]
    while waiting:
        raw, text, depth = waiting.pop(0)
        for name, read in _READERS:
            for made in read(raw, text):
                if len(made) > left:
                    return
                left -= len(made)
                reading = plain(made)
                if len(reading) > _SHORTEST and reading != text:
                    yield name, reading
                    if depth < DEEPEST:
                        waiting.append((made, reading, depth + 1))


_SPACES: Final = re.compile("  +")
_SHORTEST: Final = 8
_STEMS: Final = (
    "instruct",
    "ignor",
    "disregard",
    "prompt",
    "system",
    "forget",
    "rules",
    "guideline",
    "developer",
    "assistant",
)
_ROT13_STEMS: Final = tuple(codecs.encode(stem, "rot13") for stem in _STEMS)
_REVERSED_STEMS: Final = tuple(stem[::-1] for stem in _STEMS)
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*)={0,2}")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}[ :]?){12,}(?![0-9A-Za-z])")
_ESCAPES: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
_HEX_ESCAPES: Final = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_PERCENT: Final = re.compile("%[0-9A-Fa-f]{2}")
_ENTITIES: Final = re.compile("&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|[a-z]{2,8});")
_CONFUSABLE: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_SKELETON: Final = str.maketrans(
    "аеорсіхуѕјһԁԛԝкмтвнгпαβεικνορτυχωηγѵӏ", "aeopcixysjhdqwkmtbhrnabeiknoptuxwnyvl"
)  # fmt: skip
_DIGITS_IN_WORDS: Final = re.compile(r"[a-z][013457@$]+[a-z]")
_DIGITS: Final = str.maketrans("013457@$", "oieastas")
_SPACED: Final = re.compile(r"(?:\b\w[ ._*\-]){5}")
_GAPS: Final = re.compile(r"(?<=\b\w)[ ._*\-](?=\w\b)")


def _from_tags(raw: str, _: str) -> Iterator[str]:
    for run in TAGS.findall(raw):
        yield "".join(chr(ord(char) - 0xE0000) for char in run)


def _from_base64(raw: str, _: str) -> Iterator[str]:
    for run in _BASE64.findall(raw)[:_MOST_CANDIDATES]:
        letters = "".join(run.split()).rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from _as_text(base64.b64decode(letters + "=" * (-len(letters) % 4)))
        except binascii.Error:
            continue


def _from_hex(raw: str, _: str) -> Iterator[str]:
    for run in _HEX.findall(raw)[:_MOST_CANDIDATES]:
        digits = run.replace(" ", "").replace(":", "")
        yield from _as_text(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _from_escapes(raw: str, _: str) -> Iterator[str]:
    if "\\x" in raw or "\\u" in raw:
        text = _HEX_ESCAPES.sub(lambda run: bytes.fromhex(run.group().replace("\\x", "")).decode(errors="replace"), raw)
        made = _ESCAPES.sub(lambda one: chr(int(one.group(1) or one.group(2), 16)), text)
        if len(raw) - len(made) >= _LEAST_SAVED:
            yield made


_LEAST_SAVED: Final = 12


def _from_percent(raw: str, _: str) -> Iterator[str]:
    if raw.count("%") >= 3 and len(_PERCENT.findall(raw)) >= 3:
        yield urllib.parse.unquote_plus(raw, errors="replace")


def _from_entities(raw: str, _: str) -> Iterator[str]:
    if raw.count(";") >= 3 and len(_ENTITIES.findall(raw)) >= 3:
        yield html.unescape(raw)


def _from_look_alikes(_: str, text: str) -> Iterator[str]:
    if not text.isascii() and _CONFUSABLE.search(text):
        yield text.translate(_SKELETON)


def _from_digits(_: str, text: str) -> Iterator[str]:
    if len(_DIGITS_IN_WORDS.findall(text)) >= 3:
        yield text.translate(_DIGITS)


def _from_spaced(raw: str, _: str) -> Iterator[str]:
    if _SPACED.search(raw):
        yield _GAPS.sub("", raw)


def _from_rot13(raw: str, text: str) -> Iterator[str]:
    if any(stem in text for stem in _ROT13_STEMS):
        yield codecs.encode(raw, "rot13")


def _from_behind(raw: str, text: str) -> Iterator[str]:
    if any(stem in text for stem in _REVERSED_STEMS):
        yield raw[::-1]


def _as_text(data: bytes) -> Iterator[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    if all(char.isprintable() or char in "\r\n\t" for char in text):
        yield text


_READERS: Final[tuple[tuple[str, Callable[[str, str], Iterator[str]]], ...]] = (
    ("tag characters, read", _from_tags),
    ("base64", _from_base64),
    ("hexadecimal", _from_hex),
    ("escapes", _from_escapes),
    ("percent-encoding", _from_percent),
    ("HTML entities", _from_entities),
    ("look-alike letters", _from_look_alikes),
    ("digits for letters", _from_digits),
    ("spaced letters", _from_spaced),
    ("rot13", _from_rot13),
    ("backwards", _from_behind),
)
