"""How long patterns that may take long may search in one text."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

SECONDS: Final = 0.25
"""Of processor time, of one search with a pattern that may take long."""
SECONDS_PER_CHARACTER: Final = 20e-6
"""What all such searches in one text may take together, besides `SECONDS`: many that are just not too long are too long."""

T = TypeVar("T")


class Allowance:
    """What is left for the searches of one text."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = SECONDS

    def grow(self, characters: int) -> None:
        self._left += characters * SECONDS_PER_CHARACTER

    def spend(self, search: Callable[..., T], *args: Any, **named: Any) -> T:
        """What the search gives. Raises TimeoutError where it, or what came before it, takes too long."""
        if self._left <= 0:
            raise TimeoutError
        began = time.thread_time()
        try:
            return search(*args, **named, timeout=min(self._left, SECONDS))
        finally:
            self._left -= time.thread_time() - began

    def wait(self, test: Callable[..., T], match: str) -> T:
        """The same for what another thread works at: it counts by the clock."""
        if self._left <= 0:
            raise TimeoutError
        began = time.monotonic()
        try:
            return test(match, timeout=min(self._left, SECONDS))
        finally:
            self._left -= time.monotonic() - began
