"""The stem of a Korean verb, without ending, politeness and tense: near enough that the forms of one verb meet."""

import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.cache.veto.korean_words import ENDINGS

_FINALS: Final = {"ㄴ": "\u11ab", "ㄹ": "\u11af", "ㅁ": "\u11b7", "ㅂ": "\u11b8", "ㅆ": "\u11bb"}
_LONGEST_STEM: Final = 12


def _jamo(text: str) -> str:
    return "".join(_FINALS.get(char, unicodedata.normalize("NFD", char)) for char in text)


_TABLE: Final = {_jamo(ending): feature for ending, feature in ENDINGS.items()}
_LONGEST: Final = max(map(len, _TABLE))
_PASTS: Final = tuple(map(_jamo, ("았", "었", "였")))
_HONORIFICS: Final = tuple(map(_jamo, ("으시", "으셔")))
_PAST, _RIEUL, _BIEUP = "\u11bb", "\u11af", "\u11b8"
_HA, _HAE, _DWAE, _DOE = map(_jamo, ("하", "해", "돼", "되"))
_VOWELS: Final = {
    "\u1167": "\u1175",
    "\u116a": "\u1169",
    "\u116f": "\u116e",
    "\u116b": "\u116c",
    "\u1165": "\u1173",
}  # ㅕ ㅘ ㅝ ㅙ ㅓ
_BE, _OPENS = "이", frozenset("여열엽연")
"""열다 loses its ㄹ and looks like 이다."""
_DOUBLED: Final = ("\u11af\u1105\u1161", "\u11af\u1105\u1165")  # 빨라, 불러
_REU: Final = "\u1105\u1173"


class Verb(NamedTuple):
    """`feature`: that of the ending, empty if there is none."""

    stem: str
    feature: str
    past: bool


@lru_cache(maxsize=4096)
def verb(word: str) -> Verb:
    """`word`: syllables of Hangul alone."""
    jamo = unicodedata.normalize("NFD", word[-_LONGEST_STEM:])
    feature = ""
    for length in range(min(_LONGEST, len(jamo) - 1), 0, -1):
        found = _TABLE.get(jamo[-length:])
        if found and len(jamo) - length > 1:
            jamo, feature = jamo[:-length], found
            break
    past = False
    for ending in _PASTS:
        if jamo.endswith(ending) and len(jamo) > len(ending) + 1:
            jamo, past = jamo[: -len(ending)], True
    if jamo.endswith(_PAST) and jamo != _jamo("있") and not jamo.endswith(_jamo("있")):
        jamo, past = jamo[:-1], True
    for ending in _HONORIFICS:
        jamo = jamo.removesuffix(ending) or jamo
    stem = word[:-_LONGEST_STEM] + unicodedata.normalize("NFC", _stem(jamo))
    if stem == _BE and word[0] in _OPENS:
        stem = "열"
    return Verb(stem, feature, past)


def _stem(jamo: str) -> str:
    """Contracted vowels spread, and the consonants that come and go before an ending gone."""
    if jamo.endswith(_HAE):
        return jamo[: -len(_HAE)] + _HA
    if jamo.endswith(_DOUBLED):
        return jamo[:-3] + _REU
    if jamo[-1] in _VOWELS:
        return jamo[:-1] + _VOWELS[jamo[-1]]
    if jamo[-1] == _RIEUL:
        return _stem(jamo[:-1])
    if jamo[-1] == _BIEUP:
        return jamo[:-1] + "\u110b\u116e"
    return jamo
