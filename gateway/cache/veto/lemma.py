"""The base of an English word, near enough that forms of one word meet and different words do not."""

from functools import lru_cache
from typing import Final

from gateway.cache.veto.english_words import ACTIONS, IRREGULAR, SAME

_AS_THEY_ARE: Final = frozenset(
    "news always ios aws dns https http css js gas bus plus status bonus virus campus census lens perhaps series species canvas "
    "address access business process progress less unless its this thus yes us os redis postgres kubernetes jenkins pandas windows "
    "during morning evening string thing something anything nothing everything king ring spring wing bring sing sting being "
    "need feed speed seed weed indeed red bed led hundred embed".split()
)
_VOWELS: Final = frozenset("aeiouy")
_BASES: Final = ACTIONS | frozenset(SAME) | frozenset(SAME.values())
_SHORTEST: Final = 4


@lru_cache(maxsize=4096)
def lemma(word: str) -> str:
    """`word` in lower case. Its canonical synonym, where the tables know one."""
    if word in SAME:
        return SAME[word]
    base = IRREGULAR.get(word) or _base(word)
    return SAME.get(base, base)


def _base(word: str) -> str:
    if len(word) < _SHORTEST or word in _AS_THEY_ARE or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s"):
        return word if word.endswith(("ss", "us", "is")) else word[:-1]
    if word.endswith("ied") and len(word) > 4:
        return f"{word[:-3]}y"
    for ending in ("ing", "ed"):
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) > 2 and not _VOWELS.isdisjoint(stem):
            return _mended(stem)
    return word


def _mended(stem: str) -> str:
    """What stood before -ing or -ed: without its doubled letter, or with its e."""
    if stem in _BASES:
        return stem
    if f"{stem}e" in _BASES:
        return f"{stem}e"
    if stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    if stem.endswith(
        (
            "at",
            "iz",
            "bl",
            "v",
            "c",
            "u",
            "ng",
            "dg",
            "rg",
            "ir",
            "ur",
            "ar",
            "yp",
            "ys",
            "eas",
            "los",
            "os",
            "us",
            "uc",
            "id",
            "ad",
            "od",
            "as",
            "is",
        )
    ):
        return f"{stem}e"
    return stem
