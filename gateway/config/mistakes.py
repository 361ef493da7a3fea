"""What is wrong with a configuration file: findings by place in the data, mistakes by line in the file.

    ConfigError        every mistake, sorted by file and line
      .mistakes        list[Mistake]

No message holds a secret or a value that came from outside the file.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config.source import Stamp

Trail = tuple[str | int, ...]
"""Where something stands in the data: keys of mappings and indexes of lists, from the root."""

LONGEST_SHOWN: Final = 80
_PLAIN_KEY: Final = re.compile(r"[^\s.\[\]\"'\\]+")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A position in the file, both counted from 1. Line 0 means the file as a whole."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a trail, before it has a line.

    `value` is what stands there, to be put before the message if it may be shown: it may not if it came from outside the file.
    `about_key` puts it where the key stands and not its value. `mark` overrides both, for what has no trail of its own.
    A finding is only true if all that it `rests_on` could be read. What `breaks` cannot be used by later checks.
    """

    trail: Trail
    message: str
    suggestion: str | None = None
    value: str | None = None
    about_key: bool = False
    mark: Mark | None = None
    rests_on: tuple[Trail, ...] = ()
    breaks: bool = True


@dataclass(frozen=True, slots=True)
class Mistake:
    """One line for a person: where, what, and the nearest right name if there is one."""

    file: str
    line: int
    column: int
    key: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        said = f"{self.key}: {self.message}" if self.key else self.message
        return f"{place}: {said}; did you mean {quoted(self.suggestion)}?" if self.suggestion else f"{place}: {said}"


class ConfigError(Exception):
    """The file, or one of several that belong together, cannot be used. `files` are all that were read on the way, so that a reload knows what to watch."""

    def __init__(self, mistakes: Iterable[Mistake], files: Mapping[Path, Stamp | None] | None = None) -> None:
        self.mistakes = sorted(mistakes, key=lambda one: (one.file, one.line, one.column, one.key, one.message))
        self.files = dict(files or {})
        super().__init__("\n".join(str(one) for one in self.mistakes))


def spelled(trail: Trail) -> str:
    """`models.fast.targets[0].provider`; a key that would be misread is quoted."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in trail]
    return "".join(parts).removeprefix(".")


def quoted(text: str) -> str:
    """In quotes, on one line, not endlessly long."""
    return repr(shortened(text))


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, if one is near enough."""
    if len(name) > LONGEST_SHOWN:
        return None
    by_folded = {one.casefold(): one for one in names if len(one) <= LONGEST_SHOWN}
    close = difflib.get_close_matches(name.casefold().replace("-", "_"), by_folded, n=1)
    close = close or difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None


def _key(name: str) -> str:
    return shortened(name) if name.isprintable() and _PLAIN_KEY.fullmatch(name) else f'"{repr(shortened(name))[1:-1]}"'
