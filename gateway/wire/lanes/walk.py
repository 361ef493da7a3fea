"""The walk through a request body: what a field holds is told by tables, and what no table knows is text.

A table maps the names of an object's fields to rules. A rule looks at one value and adds places and opaque things to what was
found. A value that is not of the form its rule expects, and a field without a rule, goes through `anything`, so that nothing
passes unseen.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from gateway.wire.lanes.held import Held, Keys, written
from gateway.wire.lanes.json_text import DEEPEST, JsonText, form, may_hold
from gateway.wire.lanes.place import Opaque, Owner, Place, Role, What

# Objects within each other that are read by tables. JSON Schemas and results inside results nest; deeper ones are read without a table.
_DEEPEST_TABLE: Final = 60
_DATA_URL: Final = re.compile(
    r"data:([A-Za-z0-9.+-]+)/[A-Za-z0-9.+-]+(?:;[A-Za-z0-9=._+-]+)*;base64,[A-Za-z0-9+/=]*", re.IGNORECASE
)
# What programs are called by: no such name holds a number of a person or an account.
NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z_$.-]{0,62}\d{0,2}")
_DIGITS_OF_SOMEBODY: Final = 6
_MEDIA: Final[Mapping[str, What]] = {"image": "image", "audio": "audio"}


class Found:
    """What the walk has seen so far, and how deep it stands."""

    __slots__ = ("depth", "opaque", "places")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.opaque: list[Opaque] = []
        self.depth = 0


Rule = Callable[[Found, Role, Held, Any, Any, str], None]
"""`(found, role, held, key, value, path)`: `value` stands in `held` under `key`; it is not null, true or false."""
Table = Mapping[str, Rule]


class Kind(NamedTuple):
    """How objects with one `type` are read: `role` overrides that of the message, `opaque` is noted besides."""

    table: Table
    role: Role | None = None
    opaque: What | None = None


Reading = Kind | Callable[[dict[str, Any]], Kind]
Kinds = Mapping[str, Reading]
Reader = Callable[[Found, Role, dict[str, Any], str], None]


def read(found: Found, role: Role, table: Table, value: dict[str, Any], path: str) -> None:
    """One object by its table."""
    if found.depth >= _DEEPEST_TABLE:
        _spread(found, role, Held({"": value}), "", path, data=False)
        return
    found.depth += 1
    held = Held(value)
    for index, (name, inner) in enumerate(value.items()):
        rule = table.get(name)
        if rule is None:
            _unlisted(found, role, held, name, inner, f"{path}.#{index}" if path else f"#{index}")
        elif (
            inner is None or inner is True or inner is False or (rule is word and type(inner) is str and is_word(inner))
        ):
            pass
        else:
            rule(found, role, held, name, inner, f"{path}.{name}" if path else name)
    found.depth -= 1


def _unlisted(found: Found, role: Role, held: Held, name: str, value: Any, path: str) -> None:
    if not NAME.fullmatch(name):
        found.places.append(Place(role, name, path, Keys(held), name))
    if value is not None and value is not True and value is not False:
        anything(found, role, held, name, value, path)


# --- rules for leaves ------------------------------------------------------------------------------------------------


def text(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Text that a model reads, whatever it looks like. JSON in what a tool gave is taken apart."""
    if type(value) is not str:
        anything(found, role, held, key, value, path)
    elif role == "tool_result":
        json_or_text(found, role, held, key, value, path)
    else:
        found.places.append(Place(role, value, path, held, key))


def json_or_text(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Free text that may be a JSON object or list."""
    if type(value) is not str:
        data(found, role, held, key, value, path)
    elif may_hold(value):
        _json_or_plain(found, role, held, key, value, path)
    else:
        found.places.append(Place(role, value, path, held, key))


def arguments(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """JSON of any kind in a string, or (some servers) the object itself. What is no JSON is plain text."""
    if type(value) is not str:
        data(found, role, held, key, value, path)
    else:
        _json_or_plain(found, role, held, key, value, path)


def word(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Harmless: an id, a word of the API, a name of a tool, a number, a setting; or a list of these. One word without spaces in
    printable ASCII, else it is text.
    """
    kind = type(value)
    if kind is str:
        if not is_word(value):
            found.places.append(Place(role, value, path, held, key))
    elif kind is list:
        inner = Held(value)
        for index, item in enumerate(value):
            if type(item) is not str or not is_word(item):
                _entry(found, role, inner, index, item, f"{path}.{index}")
    elif kind is not int and kind is not float:
        anything(found, role, held, key, value, path)


def is_word(value: str) -> bool:
    """No sign of a value of somebody's: no `@`, and not six digits or more without a letter (a telephone number as a call's id)."""
    if not value.isascii() or not value.isprintable() or " " in value or "@" in value:
        return False
    return any(map(str.isalpha, value)) or sum(map(str.isdigit, value)) < _DIGITS_OF_SOMEBODY


def names(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Names of fields (`required`): text where they look like no name that a program has."""
    if type(value) is not list:
        anything(found, role, held, key, value, path)
        return
    inner = Held(value)
    for index, item in enumerate(value):
        if type(item) is not str or not NAME.fullmatch(item):
            _entry(found, role, inner, index, item, f"{path}.{index}")


def link(what: What) -> Rule:
    """An address of something that is not read here. A `data:` URL is that thing itself."""

    def rule(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        if type(value) is not str:
            anything(found, role, held, key, value, path)
        elif value[:5].lower() == "data:":
            found.opaque.append(Opaque(what, path, role))
        else:
            found.opaque.append(Opaque("url", path, role))
            found.places.append(Place(role, value, path, held, key))

    return rule


def contents(what: What) -> Rule:
    """The thing itself, in base64, or (some servers) its address."""
    inline, linked = opaque(what), link(what)

    def rule(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        is_address = type(value) is str and value[:8].lower().startswith(("http://", "https://"))
        (linked if is_address else inline)(found, role, held, key, value, path)

    return rule


def opaque(what: What) -> Rule:
    """A string that is not text, or names something kept elsewhere."""

    def rule(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        found.opaque.append(Opaque(what, path, role))
        if type(value) is dict or type(value) is list:
            anything(found, role, held, key, value, path)

    return rule


def hidden(what: What) -> Rule:
    """A whole that is not read, whatever it holds. An empty list holds nothing: answers that are sent back have many."""

    def rule(found: Found, role: Role, _held: Held, _key: Any, value: Any, path: str) -> None:
        if value != []:
            found.opaque.append(Opaque(what, path, role))

    return rule


def beside(what: What, rule: Rule) -> Rule:
    """What the rule finds, and a note that there is more than text can tell."""

    def both(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        found.opaque.append(Opaque(what, path, role))
        rule(found, role, held, key, value, path)

    return both


# --- rules for objects and lists -------------------------------------------------------------------------------------


def over(one: Reader, strings: Rule = text) -> Rule:
    """An object, or a list of them, each read by `one`; strings and numbers among or instead of them are read by `strings`."""

    def rule(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        kind = type(value)
        if kind is dict:
            one(found, role, value, path)
        elif kind is list:
            inner = Held(value)
            for index, item in enumerate(value):
                if type(item) is dict:
                    one(found, role, item, f"{path}.{index}")
                elif type(item) is list:
                    anything(found, role, inner, index, item, f"{path}.{index}")
                elif item is not None and item is not True and item is not False:
                    strings(found, role, inner, index, item, f"{path}.{index}")
        else:
            strings(found, role, held, key, value, path)

    return rule


def each(table: Table, strings: Rule = text) -> Rule:
    def one(found: Found, role: Role, value: dict[str, Any], path: str) -> None:
        read(found, role, table, value, path)

    return over(one, strings)


def kinds(rows: Callable[[], Kinds], other: Reading, strings: Rule = text) -> Rule:
    return over(by_type(rows, other), strings)


def by_type(rows: Callable[[], Kinds], other: Reading) -> Reader:
    """An object is read by its `type`, by `other` where no row has it. Rows are asked for late, since they may lead back here."""

    def one(found: Found, role: Role, value: dict[str, Any], path: str) -> None:
        said = value.get("type")
        row = (rows().get(said) if type(said) is str else None) or other
        kind = row if isinstance(row, Kind) else row(value)
        if kind.opaque is not None:
            found.opaque.append(Opaque(kind.opaque, path, role))
        read(found, kind.role or role, kind.table, value, path)

    return one


def named(rule: Rule, names: re.Pattern[str] = NAME) -> Rule:
    """An object whose keys the caller chose, by `names` where they are harmless; each value by `rule`."""

    def entries(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        if type(value) is not dict:
            anything(found, role, held, key, value, path)
            return
        inner = Held(value)
        for index, (name, entry) in enumerate(value.items()):
            if not names.fullmatch(name):
                found.places.append(Place(role, name, f"{path}.#{index}", Keys(inner), name))
            if entry is not None and entry is not True and entry is not False:
                rule(found, role, inner, name, entry, f"{path}.#{index}")

    return entries


def as_role(role: Role, rule: Rule) -> Rule:
    def within(found: Found, _role: Role, held: Held, key: Any, value: Any, path: str) -> None:
        rule(found, role, held, key, value, path)

    return within


# --- what no table describes -----------------------------------------------------------------------------------------


def anything(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Every string and number below, and every key that looks like no name."""
    _leaf_or_spread(found, role, held, key, value, path, data=False)


def data(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    """Values of the caller's own making: every string, number and key below."""
    _leaf_or_spread(found, role, held, key, value, path, data=True)


def _entry(found: Found, role: Role, held: Held, key: Any, value: Any, path: str) -> None:
    if value is not None and value is not True and value is not False:
        anything(found, role, held, key, value, path)


def _leaf_or_spread(found: Found, role: Role, held: Held, key: Any, value: Any, path: str, *, data: bool) -> None:
    kind = type(value)
    if kind is str:
        _string(found, role, held, key, value, path, decode=data or role == "tool_result")
    elif kind is int or kind is float:
        found.places.append(Place(role, written(value), path, held, key))
    else:
        _spread(found, role, held, key, path, data=data)


def _spread(found: Found, role: Role, held: Held, key: Any, path: str, *, data: bool) -> None:
    """What hangs below an entry, however deep: without recursion, each object's own leaves before those of the objects in it."""
    waiting: list[tuple[Any, str]] = [(held.get(key), path)]
    while waiting:
        value, at = waiting.pop()
        inner = Held(value)
        deeper: list[tuple[Any, str]] = []
        named = isinstance(value, dict)
        for index, (name, entry) in enumerate(value.items() if named else enumerate(value)):
            place = f"{at}.#{index}" if named else f"{at}.{index}"
            if type(name) is str and (data or not NAME.fullmatch(name)):
                found.places.append(Place(role, name, place, Keys(inner), name))
            kind = type(entry)
            if kind is str:
                if data or not _known(found, role, name, entry, place):
                    _string(found, role, inner, name, entry, place, decode=data or role == "tool_result")
            elif kind is int or kind is float:
                if data or not _known(found, role, name, written(entry), place):
                    found.places.append(Place(role, written(entry), place, inner, name))
            elif kind is dict or kind is list:
                deeper.append((entry, place))
        waiting += reversed(deeper)


# Fields that mean the same wherever they stand, and so inside blocks that nobody knows yet.
_EVERYWHERE: Final[Mapping[str, What | None]] = {
    "type": None,
    "id": None,
    "signature": "signed",
    "encrypted_content": "signed",
    "b64_json": "image",
    "file_id": "file",
    "file_data": "file",
}


def _known(found: Found, role: Role, name: int | str, value: str, path: str) -> bool:
    if name not in _EVERYWHERE:
        return False
    what = _EVERYWHERE[str(name)]
    if what is not None:
        found.opaque.append(Opaque(what, path, role))
        return True
    return is_word(value)


def _string(found: Found, role: Role, owner: Owner, key: Any, value: str, path: str, *, decode: bool) -> None:
    if value[:5].lower() == "data:" and (url := _DATA_URL.fullmatch(value)):
        found.opaque.append(Opaque(_MEDIA.get(url[1].lower(), "file"), path, role))
    elif decode and owner.depth < DEEPEST and may_hold(value):
        _json_or_plain(found, role, owner, key, value, path)
    else:
        found.places.append(Place(role, value, path, owner, key))


# --- JSON in strings -------------------------------------------------------------------------------------------------


def _json_or_plain(found: Found, role: Role, owner: Owner, key: Any, value: str, path: str) -> None:
    """JSON that nests too deeply to be decoded is text whose escapes nobody sees through."""
    shape = form(value)
    held = JsonText(value, owner, key)
    leaves = held.leaves() if shape == "json" else None
    if leaves is None:
        if shape != "plain":
            found.opaque.append(Opaque("unknown", path, role))
        found.places.append(Place(role, value, path, owner, key))
        return
    for kind, leaf, inner, at in leaves:
        place = f"{path}.{inner}" if inner else path
        if kind == "text":
            _string(found, role, held, at, leaf, place, decode=True)
        else:
            found.places.append(Place(role, leaf, place, held, at))
