"""What stands in for personal data on its way to a model and back: `<EMAIL_ADDRESS_k3v7q2mzpa>`.

A placeholder is a function of key, scope, kind and the exact form in which the value was written. So the same value has the same
placeholder in every turn and on every replica, what comes back is what was written, and nothing is stored: the values of a
conversation are in the request that resends it.

**Look-alikes.** Text of the caller, or of a document it quotes, may already look like a placeholder. Nothing is escaped; two cases:

* No value of this exchange has it. Then `Known` does not hold it, and nothing ever restores it: it goes to the model and comes back
  as it is. To escape it would only change the caller's text. Nobody can make up one that is held, for that takes the key.
* A value of this exchange has it: an answer that was shown unrestored is resent, or somebody planted it who has seen it (in the
  log of a server whose address a model wrote it into, say). It stays, and is restored like any other. Who planted it wins
  nothing but that callers may read a value of their own in a quoted text: the model has the same placeholder from the caller's own
  text and could be talked into repeating that as well. The value goes to the caller who sent it, and `sinks` and grants keep it
  from everywhere else. In another scope it is the first case.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

LONGEST_LABEL: Final = 32
CODE_LENGTH: Final = 10
SHORTEST_REPLACED: Final = 3
"""Characters of a value below which the second pass leaves it: it would hit too much that is something else."""

PLACEHOLDER: Final = re.compile(rf"<([A-Z0-9][A-Z0-9_]{{0,{LONGEST_LABEL - 1}}})_([a-z2-7]{{{CODE_LENGTH}}})>")
"""As it is minted. Groups: label, code."""

_KEY_ID_BYTES: Final = 8
_NOT_IN_LABEL: Final = re.compile("[^A-Z0-9]+")
_CASED: Final = frozenset({"Lu", "Ll", "Lt"})


class KeyRing:
    """The keys of all placeholders, derived from the gateway's secrets. What is minted uses `current`; placeholders made with
    the `others`, older ones mostly, are still recognised, as long as these stay in the ring.
    """

    __slots__ = ("_keys",)

    def __init__(self, current: bytes, *others: bytes) -> None:
        self._keys = tuple(_Key(secret) for secret in (current, *others))

    def __repr__(self) -> str:
        return f"KeyRing(current, {len(self._keys) - 1} others)"

    def codes(self, said: bytes) -> tuple[str, ...]:
        """Ten characters for each key, the current one's first."""
        return tuple(key.code(said) for key in self._keys)


class Mints(Protocol):
    """Where placeholders come from."""

    def spellings(self, kind: str, surface: str, again: int) -> Sequence[str]:
        """The placeholder under every key, the current one's first; others for every `again`."""
        ...


class Minter:
    """`scope`: within what equal values have equal placeholders: bytes that the caller made from end user, conversation or tenant."""

    __slots__ = ("_keys", "_scope")

    def __init__(self, keys: KeyRing, scope: bytes) -> None:
        self._keys = keys
        self._scope = scope

    def mint(self, kind: str, surface: str) -> str:
        return self.spellings(kind, surface)[0]

    def spellings(self, kind: str, surface: str, again: int = 0) -> tuple[str, ...]:
        said = b"".join(
            len(part).to_bytes(4) + part
            for part in (self._scope, _bytes(kind), _bytes(surface), again.to_bytes(4) if again else b"")
        )
        named = label(kind)
        return tuple(f"<{named}_{code}>" for code in self._keys.codes(said))


def label(kind: str) -> str:
    """How a kind is written in a placeholder: capitals, digits and `_`, at most 32; `VALUE` if nothing is left of it."""
    return _NOT_IN_LABEL.sub("_", kind.upper())[:LONGEST_LABEL].strip("_") or "VALUE"


class Held:
    """A value with the kind it was found as, its placeholder, and the two parts of that."""

    __slots__ = ("code", "kind", "label", "placeholder", "value")

    def __init__(self, kind: str, value: str, placeholder: str) -> None:
        self.kind = kind
        self.value = value
        self.placeholder = placeholder
        self.label, self.code = placeholder[1 : -CODE_LENGTH - 2], placeholder[-CODE_LENGTH - 1 : -1]

    def __repr__(self) -> str:
        return f"Held({self.placeholder})"


class Known:
    """The values of one exchange and their placeholders. Lives as long as the exchange and is stored nowhere.

    No two values share the ten characters of a placeholder, whatever their kinds. Where they would, the later one's are made
    again with a counter mixed in, so the order in which values are added counts then: it is that of the conversation.
    """

    __slots__ = ("_by_code", "_by_kind_and_value", "_by_value", "_longest_first", "_minter")

    def __init__(self, minter: Mints) -> None:
        self._minter = minter
        self._by_code: dict[str, Held] = {}
        self._by_kind_and_value: dict[tuple[str, str], Held] = {}
        self._by_value: dict[str, Held] = {}
        self._longest_first: list[str] | None = None

    def __repr__(self) -> str:
        return f"Known({len(self)} values)"

    def __len__(self) -> int:
        return len(self._by_kind_and_value)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Kind and value, in the order in which they were added: added again in it, they have the same placeholders."""
        return iter(self._by_kind_and_value)

    def add(self, kind: str, value: str) -> str:
        """The placeholder of this value. From now on that is restored, and so are those of other keys."""
        held = self._by_kind_and_value.get((kind, value))
        if held is not None:
            return held.placeholder
        spellings = self._minter.spellings(kind, value, 0)
        first, *others = [self._free(kind, value, key, spelling) for key, spelling in enumerate(spellings)]
        self._by_kind_and_value[kind, value] = first
        if self._by_value.setdefault(value, first) is first:
            self._longest_first = None
        self._by_code.update((held.code, held) for held in (*others, first))
        return first.placeholder

    def recall(self, kind: str, value: str, placeholder: str) -> None:
        """A value of an earlier turn, with the placeholder that it had there: it keeps that, whatever would be made for it now."""
        held = Held(kind, value, placeholder)
        if (kind, value) in self._by_kind_and_value or held.code in self._by_code:
            return
        self._by_kind_and_value[kind, value] = held
        self._by_code[held.code] = held
        if self._by_value.setdefault(value, held) is held:
            self._longest_first = None

    def held(self, code: str) -> Held | None:
        """By the ten characters, in lower case."""
        return self._by_code.get(code)

    def by_code(self) -> Mapping[str, Held]:
        """All that could be restored, by the ten characters, in lower case."""
        return self._by_code

    def value(self, placeholder: str) -> str | None:
        """What this placeholder, exactly so written, stands for."""
        held = self._by_code.get(placeholder[-CODE_LENGTH - 1 : -1])
        return held.value if held is not None and held.placeholder == placeholder else None

    def labels(self) -> list[str]:
        """Those of all that could be restored, sorted."""
        return sorted({held.label for held in self._by_code.values()})

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where placeholders of this exchange stand already. Nothing in there is to be detected or replaced."""
        if "<" not in text:
            return []
        return [match.span() for match in PLACEHOLDER.finditer(text) if self.value(match.group()) is not None]

    def replace_everywhere(self, text: str) -> str:
        """The second pass: every value of this exchange, wherever it is written in the same form, as its placeholder.

        The longest first. A value that begins or ends with a digit does not begin or end among digits, one with a letter that has
        a case not among such letters; so a Korean particle may follow. Under three characters nothing is replaced.
        """
        if self._longest_first is None:
            self._longest_first = sorted((v for v in self._by_value if len(v) >= SHORTEST_REPLACED), key=_length_first)
        present = [value for value in self._longest_first if value in text]
        if not present:
            return text
        taken = _Taken(text)
        for start, end in self.spans(text):
            taken.take(start, end, text[start:end])
        for value in present:
            taken.take_all(value, self._by_value[value].placeholder)
        return taken.joined()

    def _free(self, kind: str, value: str, key: int, spelling: str) -> Held:
        again = 0
        while True:
            made = Held(kind, value, spelling)
            other = self._by_code.get(made.code)
            if other is None or (other.kind, other.value) == (kind, value):
                return made
            again += 1
            spelling = self._minter.spellings(kind, value, again)[key]


class _Key:
    __slots__ = ("_id", "_key")

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, key=b"haechi placeholders", digest_size=32).digest()
        self._id = hashlib.blake2b(self._key, key=b"haechi placeholder key id", digest_size=_KEY_ID_BYTES).digest()

    def code(self, said: bytes) -> str:
        mac = hmac.digest(self._key, self._id + said, "sha256")
        return base64.b32encode(mac[:10])[:CODE_LENGTH].decode().lower()


class _Taken:
    """A text of which more and more is replaced; nothing twice."""

    __slots__ = ("_free", "_pieces", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._free = bytearray(b"\x01") * len(text)
        self._pieces: list[tuple[int, int, str]] = []

    def take(self, start: int, end: int, by: str) -> None:
        self._free[start:end] = bytes(end - start)
        self._pieces.append((start, end, by))

    def take_all(self, value: str, by: str) -> None:
        start = self._text.find(value)
        while start >= 0:
            end = start + len(value)
            if 0 not in self._free[start:end] and not self._inside(start, end):
                self.take(start, end, by)
                start = self._text.find(value, end)
            else:
                start = self._text.find(value, start + 1)

    def joined(self) -> str:
        made: list[str] = []
        at = 0
        for start, end, by in sorted(self._pieces):
            made += (self._text[at:start], by)
            at = end
        return "".join((*made, self._text[at:]))

    def _inside(self, start: int, end: int) -> bool:
        """Whether this is part of a longer number or word."""
        text = self._text
        return (start > 0 and _alike(text[start - 1], text[start])) or (
            end < len(text) and _alike(text[end - 1], text[end])
        )


def _alike(one: str, other: str) -> bool:
    """Both digits, or both letters of a script that has capitals: there, words are not written together."""
    first, second = unicodedata.category(one), unicodedata.category(other)
    return (first == "Nd" and second == "Nd") or (first in _CASED and second in _CASED)


def _length_first(value: str) -> tuple[int, str]:
    return -len(value), value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
