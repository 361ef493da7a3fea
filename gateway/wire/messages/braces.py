"""Whether a JSON object that comes in pieces is complete, without keeping it."""

import re
from typing import Final

_TELLING: Final = re.compile(r'[{}\[\]"]|\\.?', re.DOTALL)


class Braces:
    """`feed` pieces of text; `complete` once the object that they began has been closed. Anything but an object never is."""

    __slots__ = ("_begun", "_depth", "_escaped", "_quoted", "complete")

    def __init__(self) -> None:
        self.complete = False
        self._begun = False
        self._depth = 0
        self._quoted = False
        self._escaped = False  # the last piece ended in a backslash

    def feed(self, text: str) -> None:
        if not self._begun and (text := text.lstrip()):
            self._begun = True
            if not text.startswith("{"):
                self._depth = -(1 << 62)
        start = 1 if self._escaped and text else 0
        self._escaped = self._escaped and not text
        for match in _TELLING.finditer(text, start):
            sign = match[0]
            if sign == "\\":
                self._escaped = True
            elif sign == '"':
                self._quoted = not self._quoted
            elif not self._quoted and sign in "{[":
                self._depth += 1
            elif not self._quoted and sign in "}]":
                self._depth -= 1
                self.complete = self.complete or self._depth == 0
