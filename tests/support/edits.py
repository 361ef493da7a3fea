"""Edits of lanes for tests, and texts in which they find what they look for, or nearly."""

import json
import random
from typing import Any

from hypothesis import strategies as st

SECRET = "SECRET"
PIECES = ("SECRET", "SEC", "RET", "S", "a", " ", "가나", "🦁", "\n", '"', "\\", "\ufffe", "\ufdd0\ufdd1", "</x>", "12")


class Pass:
    def feed(self, text: str) -> str:
        return text

    def close(self) -> str:
        return ""


class Hold:
    """Holds back random amounts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._held = ""

    def feed(self, text: str) -> str:
        self._held += text
        at = self._random.randint(0, len(self._held))
        released, self._held = self._held[:at], self._held[at:]
        return released

    def close(self) -> str:
        released, self._held = self._held, ""
        return released


class Redact:
    """Replaces every SECRET; holds back what may become one."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        whole = (self._held + text).replace(SECRET, "***")
        held = next((n for n in range(len(SECRET) - 1, 0, -1) if whole.endswith(SECRET[:n])), 0)
        self._held = whole[len(whole) - held :]
        return whole[: len(whole) - held]

    def close(self) -> str:
        released, self._held = self._held, ""
        return released


def words() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


def values() -> st.SearchStrategy[Any]:
    leaf = words() | st.integers(-99, 99) | st.booleans() | st.none() | st.floats(-1e6, 1e6)
    return st.dictionaries(
        words(), st.recursive(leaf, lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=3
    )


def call_texts() -> st.SearchStrategy[str]:
    return st.builds(json.dumps, values(), ensure_ascii=st.booleans(), indent=st.none() | st.just(1))
