"""One bounded pattern of a detector. What is not bounded cannot guard a stream, and is refused when it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

REACH: Final = 40
"""Folded characters to the left of a match in which a word of its context counts."""


def always(_match: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Pattern:
    """`regex` is in the syntax of the `regex` module, has a finite longest match and looks around by one character at most.
    It is matched against folded text (`fold`), so it is written for ASCII digits, `-` for every dash and one space for every kind.

    `check` decides over the folded text of a match (checksums, plausible dates) and is pure. With `context`, one of these
    words, folded and in lower case, has to stand within `REACH` folded characters to the left; only to the left, so that
    a stream and a whole text agree.

    `measured`: somebody has seen that it never takes long, though it may look so; then its searches have no time-out.
    """

    kind: str
    regex: str
    check: Callable[[str], bool] = always
    score: float = 1.0
    context: tuple[str, ...] = ()
    detector: str = ""
    measured: bool = False
