r"""JSON inside a string: tool-call arguments, and what tools answer with.

Escapes hide text (`\uac00`), so every leaf is decoded. What nobody edits keeps its bytes: spaces, the order and the doubling of keys, and
how numbers were written; a new text stands where the old one's token stood.
"""

import json
import re
from typing import Any, Final, Literal

import msgspec

from gateway.wire.lanes.place import Owner

DEEPEST: Final = 4
"""JSON texts within each other: an MCP result is one in a string of another. What lies deeper is plain text."""

DEEPEST_NESTING: Final = 200
"""Objects and lists within one text. A decoder's own limit depends on who calls it, and places may not."""

# A string is a key if a colon follows.
_TOKEN: Final = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"(?=[ \t\r\n]*(:)?)|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[][{},]', re.DOTALL
)
_OPENS: Final = {"{": "#", "[": ""}
_CLOSES: Final = ("}", "]")
_LONE: Final = re.compile("[\ud800-\udfff]")  # half a pair: cannot be sent but escaped
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


Leaf = tuple[Literal["key", "text", "number"], str, str, int]
"""What it is, its text, its path counting entries of objects (`#0`) and items of lists (`0`), and its place for `JsonText.write`."""


class JsonText:
    """A text that is known to be JSON, cut at its tokens; `at` is its place in `outer`."""

    __slots__ = ("_at", "_old", "_outer", "_pieces", "depth")

    def __init__(self, text: str, outer: Owner, at: Any) -> None:
        self.depth = outer.depth + 1
        self._outer = outer
        self._at = at
        self._pieces: list[str] = [text]  # every second one is a leaf
        self._old: dict[int, tuple[str, str]] = {}  # piece -> the token as it came, and its text

    def leaves(self) -> list[Leaf] | None:
        """In the order of the text; None if it nests too deeply. To be called once."""
        text = self._pieces.pop()
        pieces, old = self._pieces, self._old
        end = count = 0
        path = mark = ""
        opened: list[tuple[str, str, int]] = []
        found: list[Leaf] = []
        for match in _TOKEN.finditer(text):
            piece = match.group()
            if piece == ",":
                count += 1
            elif piece in _OPENS:
                opened.append((path, mark, count))
                if len(opened) > DEEPEST_NESTING:
                    return None
                path = f"{path}{mark}{count}." if len(opened) > 1 else ""
                mark, count = _OPENS[piece], 0
            elif piece in _CLOSES:
                path, mark, count = opened.pop()
            else:
                pieces += (text[end : match.start()], piece)
                end = match.end()
                at = len(pieces) - 1
                quoted = piece[0] == '"'
                held = _decoded(piece) if quoted else piece
                old[at] = (piece, held)
                kind: Literal["key", "text", "number"] = "key" if match[1] else "text" if quoted else "number"
                found.append((kind, held, f"{path}{mark}{count}" if opened else "", at))
        pieces.append(text[end:])
        return found

    def write(self, at: int, text: str) -> None:
        token, held = self._old[at]
        self._pieces[at] = token if text == held else encoded(text)

    def settle(self) -> Owner | None:
        self._outer.write(self._at, "".join(self._pieces))
        return self._outer


def form(text: str) -> Literal["json", "plain", "too deep"]:
    """Whether it is JSON, as a forgiving reader takes it: half pairs, line breaks inside strings and `NaN` pass."""
    try:
        _decode(text)
    except RecursionError:
        return "too deep"
    except (msgspec.DecodeError, UnicodeEncodeError):
        return _forgiven(text)
    return "json"


def _forgiven(text: str) -> Literal["json", "plain", "too deep"]:
    try:
        json.loads(text, strict=False, parse_int=str, parse_float=str)
    except RecursionError:
        return "too deep"
    except ValueError:
        return "plain"
    return "json"


def may_hold(text: str) -> bool:
    """Whether it looks like a JSON object or list."""
    return _OPENING.match(text) is not None


_OPENING: Final = re.compile(r"[ \t\r\n]*[{[]")


def encoded(text: str) -> str:
    """As a JSON string: as it is, and only half pairs escaped."""
    return json.dumps(text) if _LONE.search(text) else _encode(text).decode()


def _decoded(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    text: str = json.loads(token, strict=False)
    return text
