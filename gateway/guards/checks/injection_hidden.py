"""Characters that the eye does not see or takes for others, where they stand in a number or order that hides something."""

import re
from typing import Final


def hidden(raw: str) -> dict[str, float]:
    """Signals of a text as it came, with their weights."""
    if raw.isascii():
        return {}
    return {name: weight for name, weight, least, match in _SIGNS if len(match.findall(raw)) >= least}


_TAG: Final = "\U000e0020-\U000e007e"
_FLAG: Final = "\U0001f3f4"
TAGS: Final = re.compile(f"(?<![{_FLAG}{_TAG}])[{_TAG}]{{3,}}|(?<={_FLAG})[{_TAG}]{{7,}}")
"""Invisible copies of ASCII. Behind a black flag up to six of them spell a region, as in the flag of Wales."""

_CONFUSABLE: Final = "[\u0370-\u03ff\u0400-\u052f]"
_SIGNS: Final[tuple[tuple[str, float, int, re.Pattern[str]], ...]] = (
    ("tag characters", 0.7, 1, TAGS),
    ("text that runs the wrong way", 0.3, 1, re.compile("[\u202d\u202e]")),
    ("invisible characters in words", 0.3, 4, re.compile("(?<=[a-zA-Z가-힣])[\u200b\u200c\u2060\ufeff\u00ad]+(?=[a-zA-Z가-힣])")),
    ("run of invisible characters", 0.5, 1, re.compile("[\u200b-\u200f\u2060-\u2064\ufeff]{12,}")),
    ("letters of two scripts in one word", 0.3, 2, re.compile(f"[a-zA-Z]{_CONFUSABLE}|{_CONFUSABLE}[a-zA-Z]")),
)  # fmt: skip
