r"""Where a value may be put back: never into what is fetched or followed.

`Sinks` follows the text of one lane *as the caller gets it*, values included, and says whether the next thing may be a value. Nobody
knows what will display the text (a Markdown renderer, a browser, a chat client that makes links of its own), and where these
disagree, an attacker writes exactly that. So nothing here parses the text in one way. Two things are followed side by side, and each
of them alone forbids:

* **The word**, up to ASCII white space (all that ends a link for everybody): once it has a `//`, a scheme, `www.` or a host and a
  path in it, the rest of the word is an address, whatever brackets or quotes come. Escaped (`\/`, `&sol;`) counts, too.
* **Every place that could have opened** a tag, a link's or an image's target, a definition of one, or CSS `url(`: each is followed on
  its own until it ends under the rules of its own language, whether or not it stands in code, a comment or another one's quotes.

A link that *begins* with a value (`<PHONE_…>.example.org`) is not seen: the value has gone out by then, without waiting.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

DEFAULT_GRANT: Final = frozenset({"content", "tool_args"})
_VISIBLE: Final = {"refusal": "content"}
"""What the caller sees as it sees content."""


@dataclass(frozen=True, slots=True)
class Grants:
    """For each kind of value the lanes it may be restored into (`restore_into`); for a kind that has none of its own, `otherwise`."""

    into: Mapping[str, frozenset[str]] = field(default_factory=dict)
    otherwise: frozenset[str] = DEFAULT_GRANT

    def may(self, kind: str, lane_kind: str, tool_declared: bool) -> bool:
        """Whether a value of this kind may go there at all. `tool_declared`: the caller declared the tool whose arguments these are
        (for other lanes it does not count).
        """
        if lane_kind == "tool_args" and not tool_declared:
            return False
        return _VISIBLE.get(lane_kind, lane_kind) in self.into.get(kind, self.otherwise)

    def tightened(self, other: "Grants") -> "Grants":
        """Only what both allow."""
        kinds = self.into.keys() | other.into.keys()
        into = {kind: self.into.get(kind, self.otherwise) & other.into.get(kind, other.otherwise) for kind in kinds}
        return Grants(into, self.otherwise & other.otherwise)


class Sinks:
    """Of one text, from its beginning: content, or one string of a tool's arguments.

    `is_argument`: a text that begins with an address is one to its end, white space or not: a client encodes a space and fetches.
    """

    __slots__ = ("_address", "_for_ever", "_open", "_recent", "_undecided")

    def __init__(self, *, is_argument: bool = False) -> None:
        self._recent = ""
        self._address = False  # the word that the text ends in has become an address
        self._open: frozenset[str] = _NOTHING
        self._undecided = is_argument  # the first word has not ended
        self._for_ever = False

    @property
    def forbid(self) -> bool:
        """Whether no value may follow here."""
        return self._address or self._for_ever or bool(self._open)

    def follow(self, text: str) -> None:
        """More of what the caller gets. How it is cut does not matter."""
        recent = self._recent
        known = recent + text
        if self._undecided:
            self._decide(known)
        if self._address or recent[-1:] == "<" or _SPECIAL.search(text) is not None:
            self._address = self._is_address(recent, text)
            self._open = _followed(self._open, known, len(recent))
        elif self._open:
            self._open = _walked(self._open, text)
        self._recent = known if len(known) <= _MOST_KEPT else known[-_KEPT:]

    def _is_address(self, recent: str, text: str) -> bool:
        space = _last_space(text)
        if space < 0 and self._address:
            return True
        known = text[space + 1 :] if space >= 0 else (recent + text)[_last_space(recent) + 1 :]
        return _ADDRESS.search(known) is not None

    def _decide(self, known: str) -> None:
        """While the first word lasts, `known` begins in it; a longer one than is kept has become an address or never will by its start."""
        word = known.lstrip(_SPACES)
        end = _SPACE.search(word)
        if _ADDRESS.search(word, 0, end.start() if end else len(word)) is not None:
            self._for_ever, self._undecided = True, False
        elif end is not None:
            self._undecided = False


_KEPT: Final = 128  # more than the longest match of `_ADDRESS`
_MOST_KEPT: Final = 512

_SPACES: Final = " \t\n\v\f\r"
_SPACE: Final = re.compile(f"[{_SPACES}]")


def _last_space(text: str) -> int:
    return max(map(text.rfind, _SPACES))


def _either_way(char: str, name: str) -> str:
    """A character as it is, escaped with backslashes, or as a character reference by name or number."""
    point = ord(char)
    return rf"\\{{0,2}}(?:{re.escape(char)}|&{name};|&#0{{0,5}}{point};|&#x0{{0,5}}{point:x};)"


_SLASH, _COLON, _DOT = _either_way("/", "sol"), _either_way(":", "colon"), _either_way(".", "period")
_ASK, _HASH = _either_way("?", "quest"), _either_way("#", "num")
_SCHEMES: Final = "https?|ftps?|wss?|mailto|xmpp|data|javascript|vbscript|blob|about|magnet|urn|intent|view-source"
"""Those that are links without `//`. Not `tel` and `sms`: people write `Tel:` before a number, and nobody else is reached by it."""

_ADDRESS: Final = re.compile(
    rf"{_SLASH}{_SLASH}"
    rf"|(?<![^\W_])(?:{_SCHEMES}){_COLON}"
    rf"|(?<!\w)www{_DOT}"
    rf"|\w{_DOT}\w{{1,24}}(?:{_DOT})?(?:{_COLON}[0-9]{{1,5}})?(?:{_SLASH}|{_ASK}|{_HASH})",
    re.IGNORECASE,
)
_SPECIAL: Final = re.compile(r"[/:.;?#<(]")
"""One of these ends whatever makes a word an address or opens a place; only `<` needs the character behind it."""

_OPENED: Final = re.compile(r"(?<=<)[A-Za-z/!?]|(?<=\])[(:]|(?<=url)\(", re.IGNORECASE)
"""The last character of what opens a place. All of it but that may have come before."""

_NOTHING: Final[frozenset[str]] = frozenset()
_RUN: Final = re.compile(r"""[^ \t\f\r\n<>"'=/()\\]+|.""", re.DOTALL)
_CLASSES: Final = {" ": "space", "\t": "space", "\f": "space", "\r": "line", "\n": "line"}
_CLASSES.update({char: char for char in "<>\"'=/()\\"})
_OUT: Final = ""

_STEPS: Final[dict[str, dict[str, str]]] = {
    # A tag, by the states of the HTML standard (13.2.5.6 and on).
    "tag": {"space": "before", "line": "before", "/": "before", ">": _OUT, "": "tag"},
    "before": {"space": "before", "line": "before", "/": "before", ">": _OUT, "": "name"},
    "name": {"space": "after", "line": "after", "/": "before", "=": "value", ">": _OUT, "": "name"},
    "after": {"space": "after", "line": "after", "/": "before", "=": "value", ">": _OUT, "": "name"},
    "value": {
        "space": "value",
        "line": "value",
        '"': "double",
        "'": "single",
        ">": _OUT,
        "=": "bare|value",
        "": "bare",
    },
    "double": {'"': "quoted", "": "double"},
    "single": {"'": "quoted", "": "single"},
    "quoted": {"space": "before", "line": "before", "/": "before", ">": _OUT, "": "name"},
    "bare": {"space": "before", "line": "before", ">": _OUT, "": "bare"},
    # A target in parentheses: to a closing one and white space behind it, whatever is balanced.
    "target": {"space": "target", "line": "target", "<": "angle", ")": "closed", "": "inside"},
    "angle": {">": "inside", "line": "inside", "\\": "angle escape", "": "angle"},
    "angle escape": {"line": "inside", "": "angle"},
    "inside": {")": "closed", "": "inside"},
    "closed": {"space": _OUT, "line": _OUT, "": "closed"},
    # CSS `url(`: the same, but quotes hold parentheses.
    "url": {"space": "url", "line": "url", '"': "url double", "'": "url single", ")": "closed", "": "inside"},
    "url double": {'"': "inside", "\\": "url double escape", "": "url double"},
    "url double escape": {"": "url double"},
    "url single": {"'": "inside", "\\": "url single escape", "": "url single"},
    "url single escape": {"": "url single"},
    # A definition, `[x]: target`: one word, or what stands in angle brackets.
    "definition": {"space": "definition", "line": "definition", "<": "defined angle", "": "defined"},
    "defined angle": {">": "defined", "line": "defined", "\\": "defined angle escape", "": "defined angle"},
    "defined angle escape": {"line": "defined", "": "defined angle"},
    "defined": {"space": _OUT, "line": _OUT, "": "defined"},
}
"""What follows a state on a kind of character; under `""` on every other. Where parsers disagree (`href=="x"`), both, with `|` between."""


def _followed(places: frozenset[str], text: str, begin: int) -> frozenset[str]:
    """`places` behind `text[begin:]`, with those that it opens."""
    for match in _OPENED.finditer(text, begin):
        places = _walked(places, text[begin : match.end()]) | {_place(text, match.start())}
        begin = match.end()
    return _walked(places, text[begin:])


def _place(text: str, at: int) -> str:
    if text[at - 1] == "<":
        return "tag"
    if text[at - 1] == "]":
        return "target" if text[at] == "(" else "definition"
    return "url"


def _walked(places: frozenset[str], text: str) -> frozenset[str]:
    if places:
        for run in _RUN.finditer(text):
            places = _stepped(places, _CLASSES.get(run.group(), ""))
            if not places:
                break
    return places


@lru_cache(maxsize=4096)
def _stepped(places: frozenset[str], kind: str) -> frozenset[str]:
    steps = (_STEPS[place] for place in places)
    return frozenset(after for step in steps for after in step.get(kind, step[""]).split("|")) - {_OUT}
