"""The text inside JSON that comes in pieces: an edit of decoded strings, for arguments of tool calls.

The edit sees one continuous text: the characters of every string (keys too) and the letters of every number and bare word, each
leaf closed by `SEPARATOR`, a noncharacter that no pattern can hold. What it lets go is escaped again and goes back between the
braces and commas it came from. The grammar is not checked: a lexer is enough, and unlike a parser it goes on where a model (or a
lenient reader at the other end) takes liberties. Text that does not begin like JSON, or goes on so behind its end, is plain.
"""

import json
import re
from collections import deque
from typing import Any, Final

import msgspec

from gateway.wire.lanes.lane import AsWritten, Edit

SEPARATOR: Final = "\ufffe"

# In the text for the edit, what would be taken for a separator or cannot be said there stands behind a mark.
_MARK: Final = "\ufdd0"
_MARKED: Final = {SEPARATOR: _MARK + "\ufdd1", _MARK: _MARK + "\ufdd2"}
_BACKSLASH: Final = _MARK + "\ufdd3"  # one that escapes nothing: not JSON, and kept as it came
_LONE: Final = 0xF0000  # a surrogate without its other half, moved to a private plane
_SURROGATES: Final = range(0xD800, 0xE000)
_MEANT: Final = {"\ufdd1": SEPARATOR, "\ufdd2": _MARK, "\ufdd3": "\\"}

_RESERVED: Final = re.compile(f"[{SEPARATOR}{_MARK}]")
_SAID: Final = re.compile(r'(?:[^"\\]++|\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}))++')
_BARE: Final = re.compile(r'[^ \t\r\n{}\[\],:"]+')
_SURROGATE: Final = re.compile(r"\\u([dD][89a-fA-F][0-9a-fA-F]{2})")
_UNFINISHED: Final = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_SPECIAL: Final = re.compile(f"{_MARK}(.)|[\ud800-\udfff]", re.DOTALL)
_decode: Final = json.JSONDecoder(strict=False).decode
_BLANK: Final = " \t\r\n"
_BEGINS_JSON: Final = frozenset('{["-0123456789tfn')
_GOES_ON: Final = frozenset('{["')  # a second value behind the first


class Leaf:
    """A string, a bare word or plain text that the edit has not wholly let go. `original`: of a bare word, as it came."""

    __slots__ = ("kind", "opened", "original", "released", "shut")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.opened = False
        self.shut = False
        self.original: list[str] = []
        self.released: list[str] = []


class JSONEdit:
    """An `Edit` of JSON text made of an edit of the text in it. A bare word that the edit changes becomes a string."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._lexer = _Lexer()
        self._half = ""  # a mark whose other half was not let go yet

    def feed(self, text: str) -> str:
        said = self._lexer.feed(text)
        return self._place(self._edit.feed(said) if said else "")

    def close(self) -> str:
        said = self._lexer.close()
        written = self._place((self._edit.feed(said) if said else "") + self._edit.close())
        rest: list[str] = []
        self._half = ""
        while self._lexer.tokens:
            self._structure(rest)
            if self._lexer.tokens:
                self._shut(rest)
        return written + "".join(rest)

    def _place(self, released: str) -> str:
        """Text that the edit let go, back in its place."""
        written: list[str] = []
        self._structure(written)
        first, *others = (self._half + released).split(SEPARATOR)
        self._half = ""
        self._say(first, written, last=not others)
        for number, text in enumerate(others):
            self._shut(written)
            self._structure(written)
            self._say(text, written, last=number == len(others) - 1)
        return "".join(written)

    def _structure(self, written: list[str]) -> None:
        tokens = self._lexer.tokens
        while tokens and isinstance(tokens[0], str):
            written.append(tokens.popleft())  # type: ignore[arg-type]  # just asked
        if tokens and isinstance(leaf := tokens[0], Leaf) and leaf.kind == "string" and not leaf.opened:
            leaf.opened = True
            written.append('"')

    def _say(self, text: str, written: list[str], *, last: bool) -> None:
        """What an edit makes up behind the end of the last leaf has no place in JSON and is dropped."""
        if last and text.endswith(_MARK):
            self._half, text = _MARK, text[:-1]
        if not text or not self._lexer.tokens:
            return
        leaf = self._lexer.tokens[0]
        if not isinstance(leaf, Leaf):
            return
        if leaf.kind == "string":
            written.append(_written(text))
        elif leaf.kind == "plain":
            written.append(_SPECIAL.sub(_meant, text))
        else:
            leaf.released.append(text)

    def _shut(self, written: list[str]) -> None:
        tokens = self._lexer.tokens
        if not tokens or not isinstance(leaf := tokens[0], Leaf):
            return
        tokens.popleft()
        if leaf.kind == "string" and leaf.shut:
            written.append('"')
        elif leaf.kind == "bare":
            original, released = "".join(leaf.original), "".join(leaf.released)
            plain = _SPECIAL.sub(_meant, released)
            written.append(original if plain == original else '"' + _written(released) + '"')


class _Lexer:
    """JSON text in pieces -> the text for the edit; `tokens` remember what stands around it and wait for the edit."""

    def __init__(self) -> None:
        self.tokens: deque[str | Leaf] = deque()
        self._open: Leaf | None = None
        self._depth = 0
        self._begun = False
        self._rest = ""  # an escape that is not whole yet
        self._high = 0  # the first half of a surrogate pair
        self._blank = ""  # behind a bare word: part of it only if it goes on

    def feed(self, text: str) -> str:
        text, self._rest = self._rest + text, ""
        said: list[str] = []
        at = 0
        while at < len(text):
            kind = None if self._open is None else self._open.kind
            if kind == "string":
                at = self._string(text, at, said)
            elif kind == "bare":
                at = self._bare(text, at, said)
            elif kind == "plain":
                said.append(_marked(text[at:]))
                break
            else:
                at = self._between(text, at)
        return "".join(said)

    def close(self) -> str:
        said: list[str] = []
        if self._rest:
            self._end_pair(said)
            said.append(_BACKSLASH + self._rest[1:])
        self._end_pair(said)
        if self._blank:
            self.tokens.append(self._blank)
        self._rest = self._blank = ""
        self._open = None
        return "".join(said)

    def _between(self, text: str, at: int) -> int:
        letter = text[at]
        if letter in _BLANK:
            self.tokens.append(letter)
            return at + 1
        if not self._depth and letter not in (_GOES_ON if self._begun else _BEGINS_JSON):
            self._begin("plain")
            return at
        self._begun = True
        if letter == '"':
            self._begin("string")
            return at + 1
        if letter not in "{}[],:":
            self._begin("bare")
            return at
        self._depth += (letter in "{[") - (letter in "}]")
        self.tokens.append(letter)
        return at + 1

    def _begin(self, kind: str) -> None:
        self._open = Leaf(kind)
        self.tokens.append(self._open)

    def _end(self, said: list[str]) -> None:
        if self._open is not None:
            self._open.shut = True
        self._open = None
        said.append(SEPARATOR)

    def _bare(self, text: str, at: int, said: list[str]) -> int:
        match = _BARE.match(text, at)
        if match is None and text[at] in _BLANK:
            self._blank += text[at]
            return at + 1
        if match is None:
            self._end(said)
            if self._blank:
                self.tokens.append(self._blank)
                self._blank = ""
            return at
        word = self._blank + match[0]
        self._blank = ""
        if self._open is not None:
            self._open.original.append(word)
        said.append(_marked(word))
        return match.end()

    def _string(self, text: str, at: int, said: list[str]) -> int:
        if (match := _SAID.match(text, at)) is not None:
            self._end_pair(said)
            said.append(_marked(_decode(f'"{match[0]}"') if "\\" in match[0] else match[0]))
            return match.end()
        if text[at] == '"':
            self._end_pair(said)
            self._end(said)
            return at + 1
        if (match := _SURROGATE.match(text, at)) is not None:
            self._surrogate(int(match[1], 16), said)
            return match.end()
        if _UNFINISHED.match(text, at):
            self._rest = text[at:]
            return len(text)
        self._end_pair(said)
        said.append(_BACKSLASH)
        return at + 1

    def _surrogate(self, code: int, said: list[str]) -> None:
        """Half of a character. The first half waits for the second."""
        if self._high and code >= 0xDC00:
            said.append(chr(0x10000 + ((self._high - 0xD800) << 10) + (code - 0xDC00)))
            self._high = 0
            return
        self._end_pair(said)
        if code < 0xDC00:
            self._high = code
        else:
            said.append(_lone(code))

    def _end_pair(self, said: list[str]) -> None:
        if self._high:
            said.append(_lone(self._high))
            self._high = 0


def inside(edit: Edit) -> Edit:
    """The edit of JSON text that an edit of arguments stands for."""
    return edit if isinstance(edit, AsWritten) else JSONEdit(edit)


def edited_value(edit: Edit, value: Any) -> tuple[Any, bool]:
    """A decoded JSON value through the edit, whole, and whether it changed."""
    text = msgspec.json.encode(value).decode()
    edit = inside(edit)
    released = edit.feed(text) + edit.close()
    return (value, False) if released == text else (msgspec.json.decode(released), True)


def _marked(text: str) -> str:
    return _RESERVED.sub(lambda match: _MARKED[match[0]], text) if _RESERVED.search(text) else text


def _lone(code: int) -> str:
    return _MARK + chr(_LONE + code - 0xD800)


def _meant(match: re.Match[str]) -> str:
    marked = match[1]
    if marked is None:
        return match[0]
    moved = ord(marked) - _LONE + 0xD800
    return chr(moved) if moved in _SURROGATES else _MEANT.get(marked, marked)


def _written(text: str) -> str:
    """As it stands between the quotes of a JSON string."""
    if not _SPECIAL.search(text):
        return json.dumps(text, ensure_ascii=False)[1:-1]
    pieces: list[str] = []
    at = 0
    for match in _SPECIAL.finditer(text):
        meant = _meant(match)
        plain = meant if match[1] == "\ufdd3" else json.dumps(meant, ensure_ascii="\ud800" <= meant <= "\udfff")[1:-1]
        pieces += [json.dumps(text[at : match.start()], ensure_ascii=False)[1:-1], plain]
        at = match.end()
    return "".join(pieces) + json.dumps(text[at:], ensure_ascii=False)[1:-1]
