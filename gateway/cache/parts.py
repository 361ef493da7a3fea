"""What a scope is made of, part by part, so that an operator can be told which part splits the scopes. Pure.

Together the parts say all that a request says but the last user text. The digest of all of them is what isolation rests on; the
small ones by part only tell them apart in this process, whose own they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

DIGEST_BYTES: Final = 24
_BESIDE: Final = frozenset({"messages", "tools", "hosted", "tool_choice", "parallel_tools", "extras", "echo"})
_INSTRUCTING: Final = ("system", "developer")
_encode = msgspec.json.Encoder(order="deterministic").encode

Parts = dict[str, int]
"""Small digests by name, keyed by this process. Names are those of this module and of fields; none is a text of a request."""


def parts_of(circumstances: Mapping[str, Any], said: Mapping[str, Any], *, neutral: bool) -> tuple[Parts, bytes]:
    """The parts, and one digest of all. `said`: a request in neutral form as plain values, without the last user text; or the
    fields of one that has none.

    Raises UnicodeEncodeError and OverflowError for what cannot be written as JSON.
    """
    named = _of_neutral(said) if neutral else _of_fields(said, "field")
    written = sorted((name, _encode(value)) for name, value in (*circumstances.items(), *named))
    whole = blake2b(_encode([(name, len(raw)) for name, raw in written]), digest_size=DIGEST_BYTES)
    for _, raw in written:
        whole.update(raw)
    return {name: hash(raw) for name, raw in written}, whole.digest()


def _of_neutral(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is not there has no part: no field of the neutral form is sometimes None and sometimes an empty list."""
    turns: Sequence[Mapping[str, Any]] = said["messages"]
    first = next((place for place, turn in enumerate(turns) if turn["role"] not in _INSTRUCTING), len(turns))
    if first:
        yield "system prompt", turns[:first]
    if turns[first:-1]:
        yield "earlier turns", turns[first:-1]
    yield "last turn", turns[max(first, len(turns) - 1) :]
    if any(said[name] not in (None, []) for name in ("tools", "hosted", "tool_choice", "parallel_tools")):
        yield "tools", [said[name] for name in ("tools", "hosted", "tool_choice", "parallel_tools")]
    parameters = {name: one for name, one in said.items() if name not in _BESIDE and one is not None and one != []}
    yield from _of_fields(parameters, "parameter")
    yield from _of_fields(said["extras"], "field")
    yield from _of_fields(said["echo"], "repeated field")


def _of_fields(fields: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        yield f"{kind} {name}", value
