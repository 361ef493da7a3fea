"""Texts made to be awkward: values broken, disguised and glued together, cut at random places, and such that make engines slow."""

import random
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

_HIDDEN: Final = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u0301")
_GLUE: Final = (
    "", "", " ", "\n", "입니다 ", "은 ", ".", ",", ":", "/", "=", '"', "(", ")", "<", "@", "-", "_", "a", "가", "1", "\u1112", "\u200b" * 16,
)  # fmt: skip
_LONGEST_PIECE: Final = 400
ODD: Final = (
    "", " ", "\x00", "\U0010ffff", "\ufffe", "\u200b" * 40, "\u0301" * 40, "🙂" * 40, "\u1112\u1161", "\n" * 40, "<EMAIL_ADDRESS_abcdefghij>",
)  # fmt: skip


def full_width(value: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in value)


def interrupted(value: str) -> str:
    """With something invisible in its middle."""
    at = len(value) // 2
    return f"{value[:at]}\u200b{value[at:]}"


def dashed(value: str) -> str:
    return value.replace("-", "\u2013")


def decomposed(value: str) -> str:
    """Hangul in jamo."""
    return "".join(unicodedata.normalize("NFD", char) if "가" <= char <= "힣" else char for char in value)


DISGUISES: Final[Mapping[str, Callable[[str], str]]] = {
    "full-width letters and digits": full_width,
    "an invisible character inside": interrupted,
    "other dashes": dashed,
    "Hangul in jamo": decomposed,
}


def mixed(rng: random.Random, values: Sequence[str]) -> str:
    """Some of the values, whole and in parts, as they are and disguised."""
    parts: list[str] = []
    for _ in range(rng.randint(1, 5)):
        value = rng.choice(values)[:_LONGEST_PIECE]
        if rng.random() < 0.25:
            value = value[: rng.randint(0, len(value))]
        if rng.random() < 0.2:
            value = value[rng.randint(0, len(value)) :]
        parts += _disguised(rng, value), rng.choice(_GLUE)
    return "".join(parts)


def _disguised(rng: random.Random, value: str) -> str:
    if rng.random() < 0.5:
        return value
    if rng.random() < 0.5:
        return rng.choice(list(DISGUISES.values()))(value)
    at = rng.randint(0, len(value))
    return value[:at] + rng.choice(_HIDDEN) * rng.choice([1, 2, 16]) + value[at:]


def chunked(rng: random.Random, text: str) -> list[str]:
    most, chunks = rng.choice([1, 2, 4, 8, 20]), list[str]()
    while text:
        size = rng.randint(1, most)
        chunks.append(text[:size])
        text = text[size:]
    return chunks


def slow(values: Sequence[str], length: int) -> Iterator[str]:
    """So many characters that almost match, again and again: where an engine tries every way there is."""
    pieces = ["a", "1", " ", "-", "가", "a1-", "aA", "1 ", ".a"]
    for value in values:
        pieces += [
            value[:1],
            value[: len(value) // 2],
            value[:-1],
            f"{value[:-1]}!",
            f"{value} ",
            *sorted(set(value))[:8],
        ]
    for piece in dict.fromkeys(one for one in pieces if one):
        yield (piece * (length // len(piece) + 1))[:length]
