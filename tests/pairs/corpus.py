"""The project's own labelled pairs: made from templates by a seed, written one by one, and in conversations."""

from pathlib import Path
from random import Random
from typing import Final

from gateway.cache.pairs import Pair, read
from tests.pairs import english, korean
from tests.pairs.conversations import conversations
from tests.pairs.family import pairs_of

SEED: Final = 2026
POSITIVES, TRAPS = 45, 34
_HERE: Final = Path(__file__).parent


def corpus(seed: int = SEED) -> list[Pair]:
    return [*made("en", seed), *made("ko", seed), *written("en"), *written("ko"), *conversations(Random(seed))]


def made(lang: str, seed: int = SEED) -> list[Pair]:
    families = english.FAMILIES if lang == "en" else korean.FAMILIES
    return [
        pair
        for family in families
        for pair in pairs_of(family, lang, Random(f"{seed}-{lang}-{family.name}"), POSITIVES, TRAPS)
    ]


def written(lang: str) -> list[Pair]:
    return read(_HERE / f"written_{lang}.jsonl")
