"""YAML text to plain data, with the position of every key and value.

Scalars follow the core schema of YAML 1.2: `true` and `false` are booleans, while `on`, `off`, `yes` and `no` are strings.
Beyond that: one document, keys that stand once, no merge keys, no tags of one's own, and aliases only as far as the
expanded document stays small.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from gateway.config.mistakes import Finding, Mark, Trail

LARGEST: Final = 100_000
"""Values in the expanded document, which bounds what aliases can multiply."""
DEEPEST: Final = 60

_INTEGERS: Final = {10: re.compile(r"[-+]?[0-9]+"), 8: re.compile(r"0o[0-7]+"), 16: re.compile(r"0x[0-9a-fA-F]+")}
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LONGEST_NUMBER: Final = 40
_LARGEST_INTEGER: Final = 2**63 - 1

# What YAML allows in a document at all (section 5.1 of its specification).
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TAG: Final = "tag:yaml.org,2002:"
_TAGGED: Final[dict[str, tuple[type, ...]]] = {
    _TAG + "int": (int,),
    _TAG + "float": (int, float),
    _TAG + "bool": (bool,),
    _TAG + "null": (type(None),),
}
_COLLECTION_TAGS: Final = {None, "!", _TAG + "map", _TAG + "seq"}
_TEXT_TAGS: Final = {"!", _TAG + "str"}

# The parser written in C gives the same marks, ten times as fast.
FASTEST: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands; for an item of a list and for the root, `key` is the value's own position."""

    key: Mark
    value: Mark
    is_scalar: bool

    def mark(self, *, about_key: bool) -> Mark:
        """A collection may begin on the line after its key; people look for the key."""
        return self.value if self.is_scalar and not about_key else self.key


@dataclass(frozen=True, slots=True)
class Document:
    """`data` holds dict, list, str, int, float, bool and None; `places` knows every trail in it.

    What a finding is about is absent from the data, or stands in it as it was found first.
    """

    data: Any
    places: dict[Trail, Place]
    findings: list[Finding]

    def mark(self, trail: Trail, *, about_key: bool = False) -> Mark:
        """The position of a trail, or of the nearest thing around it that is there."""
        while trail and trail not in self.places:
            trail, about_key = trail[:-1], True
        place = self.places.get(trail)
        return place.mark(about_key=about_key) if place else Mark(1, 1)


class Unparsable(Exception):
    """The text is not one YAML document; nothing further can be said about it."""

    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.finding = Finding((), message, mark=mark)


class NotANumber(ValueError):
    """A scalar looks like a number that no field takes; the text says why."""


def parse(text: str, parser: Any = FASTEST) -> Document:
    """Raises `Unparsable` where the text is no YAML; lesser mistakes are findings of the document."""
    if forbidden := _FORBIDDEN.search(text):
        before = text[: forbidden.start()]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise Unparsable("a control character stands here; write it as an escape in double quotes", mark)
    root = _Composer(_events(text, parser)).document()
    return _Expansion().run(root)


def resolve(text: str) -> str | int | float | bool | None:
    """A plain scalar by the core schema. Raises `NotANumber` for what is infinite or beyond 64 bits."""
    if text in _WORDS:
        return _WORDS[text]
    if not text.isascii() or text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.fullmatch(text):
        raise NotANumber("must be a finite number")
    for base, pattern in _INTEGERS.items():
        if pattern.fullmatch(text):
            return _integer(text, base)
    return _float(text) if _FLOAT.fullmatch(text) else text


def _integer(text: str, base: int) -> int:
    number = int(text, base) if len(text) <= _LONGEST_NUMBER else _LARGEST_INTEGER + 1
    if abs(number) > _LARGEST_INTEGER:
        raise NotANumber("is a larger number than fits; put it in quotes if it is a name")
    return number


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotANumber("must be a finite number")
    return number


@dataclass(frozen=True, slots=True)
class _Scalar:
    mark: Mark
    text: str
    tag: str | None
    is_plain: bool


@dataclass(frozen=True, slots=True)
class _Collection:
    mark: Mark
    tag: str | None
    is_mapping: bool
    children: list["_Node"] = field(default_factory=list)
    """Values, or keys and values in turn."""


@dataclass(frozen=True, slots=True)
class _Alias:
    mark: Mark
    node: "_Scalar | _Collection"


_Node = _Scalar | _Collection | _Alias


def _events(text: str, parser: Any) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=parser)
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from None
    except yaml.YAMLError:
        raise Unparsable("this is not YAML text", Mark(1, 1)) from None


def _explained(error: yaml.MarkedYAMLError, text: str) -> Unparsable:
    """The parser's words with what it quotes left out: that may be a piece of a secret."""
    problem = re.sub(r" ?'.*'", "", error.problem or "this is not YAML text")
    mark, opened = error.problem_mark, error.context_mark
    if mark is None:
        return Unparsable(f"not YAML: {problem}", Mark(1, 1))
    if text[mark.index : mark.index + 1] == "\t":
        return Unparsable("not YAML: a tab stands here; YAML is indented by spaces", _mark(mark))
    if opened is not None and text[opened.index :].strip() and not text[mark.index :].strip():
        return Unparsable(f"not YAML: {error.context}: what begins here has no end", _mark(opened))
    return Unparsable(f"not YAML: {problem}", _mark(mark))


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


class _Composer:
    """Events to nodes, with bounded depth and number; an alias shares the node of its anchor."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Scalar | _Collection] = {}
        self._open: list[tuple[_Collection, str | None]] = []
        self._count = 0
        self._documents = 0
        self._root: _Node = _Scalar(Mark(1, 1), "", None, is_plain=True)

    def document(self) -> _Node:
        for event in self._events:
            self._take(event, _mark(event.start_mark))
        return self._root

    def _take(self, event: yaml.Event, mark: Mark) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Unparsable("a second document begins here; the file must hold one", mark)
        elif isinstance(event, yaml.ScalarEvent):
            self._named(event.anchor, self._place(_Scalar(mark, event.value, event.tag, bool(event.implicit[0]))))
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise Unparsable("no anchor of this name stands above; put a value that begins with * in quotes", mark)
            self._place(_Alias(mark, self._anchors[event.anchor]))
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            node = _Collection(mark, event.tag, isinstance(event, yaml.MappingStartEvent))
            self._place(node)
            self._open.append((node, event.anchor))
            if len(self._open) > DEEPEST:
                raise Unparsable(f"nested deeper than {DEEPEST} levels", mark)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node, anchor = self._open.pop()
            self._named(anchor, node)

    def _place(self, node: Any) -> Any:
        self._count += 1
        if self._count > 2 * LARGEST:
            raise Unparsable(f"more than {LARGEST} values", node.mark)
        if self._open:
            self._open[-1][0].children.append(node)
        else:
            self._root = node
        return node

    def _named(self, anchor: str | None, node: _Scalar | _Collection) -> None:
        if anchor is not None:
            self._anchors[anchor] = node


class _Expansion:
    """Nodes to data and places, aliases written out."""

    def __init__(self) -> None:
        self._places: dict[Trail, Place] = {}
        self._findings: list[Finding] = []
        self._count = 0

    def run(self, root: _Node) -> Document:
        data = self._value(root, (), None, None)
        return Document(data, self._places, self._findings)

    def _value(self, node: _Node, trail: Trail, key: Mark | None, before: Any) -> Any:
        """`before` is what an earlier, equal key held: a second mapping adds to it, so that nothing in it goes unread."""
        self._count += 1
        if self._count > LARGEST:
            raise Unparsable(f"more than {LARGEST} values once aliases are written out", node.mark)
        target = node.node if isinstance(node, _Alias) else node
        self._places[trail] = Place(key or node.mark, node.mark, isinstance(target, _Scalar))
        if isinstance(target, _Scalar):
            return self._scalar(target, trail)
        if len(trail) > DEEPEST:
            raise Unparsable(f"nested deeper than {DEEPEST} levels once aliases are written out", node.mark)
        if target.tag not in _COLLECTION_TAGS:
            self._find(trail, "has a tag that means nothing here; remove it")
        if target.is_mapping:
            return self._mapping(target, trail, before)
        return [self._value(child, (*trail, index), None, None) for index, child in enumerate(target.children)]

    def _mapping(self, node: _Collection, trail: Trail, before: Any) -> dict[str, Any]:
        data: dict[str, Any] = before if isinstance(before, dict) else {}
        inherited = set(data)
        for key, value in zip(node.children[::2], node.children[1::2], strict=True):
            scalar = key.node if isinstance(key, _Alias) else key
            if not isinstance(scalar, _Scalar):
                self._find(trail, "a key must be a word, not a list or a mapping", mark=key.mark, breaks=False)
            elif scalar.text == "<<" and scalar.is_plain:
                self._find(
                    (*trail, "<<"), "nothing is merged in YAML 1.2; give the whole value by an alias", mark=key.mark
                )
            else:
                self._entry(data, inherited, (*trail, scalar.text), key.mark, value)
        return data

    def _entry(self, data: dict[str, Any], inherited: set[str], trail: Trail, mark: Mark, value: _Node) -> None:
        name = str(trail[-1])
        if name not in data:
            data[name] = self._value(value, trail, mark, None)
            return
        if name not in inherited:
            first = self._places[trail].key.line
            self._find(trail, f"stands a second time; the first is on line {first}", mark=mark, breaks=False)
        if isinstance(data[name], dict):
            self._second(data[name], trail, value)

    def _second(self, before: dict[str, Any], trail: Trail, value: _Node) -> None:
        target = value.node if isinstance(value, _Alias) else value
        if isinstance(target, _Collection) and target.is_mapping:
            place = self._places[trail]
            self._value(value, trail, place.key, before)
            self._places[trail] = place

    def _scalar(self, node: _Scalar, trail: Trail) -> str | int | float | bool | None:
        if node.tag in _TEXT_TAGS or (node.tag is None and not node.is_plain):
            return node.text
        if node.tag is not None and node.tag not in _TAGGED:
            self._find(trail, "has a tag that means nothing here; remove it")
            return node.text
        try:
            value = resolve(node.text)
        except NotANumber as error:
            self._find(trail, str(error))
            return None
        if node.tag is not None and type(value) not in _TAGGED[node.tag]:
            self._find(trail, "is not what its tag says")
        return value

    def _find(self, trail: Trail, message: str, *, mark: Mark | None = None, breaks: bool = True) -> None:
        self._findings.append(Finding(trail, message, mark=mark, breaks=breaks))
