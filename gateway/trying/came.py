"""What came out of one run of a case, and what of it is not as the case says. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.policy.structs import Case
from gateway.trying.asking import Trail

_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Came:
    """`got` is the body that the model was sent, None where it was not asked. `sent` is every text that left for the caller.

    `content` and `arguments` (of each call) are the answer's lanes as the caller joins them. `found`, `blocking` and `failed` are ids
    of rules. `error` is the code and sentence of an answer that is none.
    """

    blocked: bool = False
    error: str | None = None
    got: Mapping[str, Any] | None = None
    content: str = ""
    arguments: Sequence[str] = ()
    sent: Sequence[str] = ()
    found: frozenset[str] = field(default_factory=frozenset)
    blocking: frozenset[str] = field(default_factory=frozenset)
    failed: frozenset[str] = field(default_factory=frozenset)


Wrong = tuple[Trail, str]
"""Which key of the case does not hold, and how it came instead."""


def wrong(case: Case, said: Trail | None, came: Came) -> Iterator[Wrong]:
    """Everything that is not as the case says."""
    expect = case.expect
    if came.failed:
        yield (), f"the detectors of {_listed(came.failed)} failed"
    if came.error is not None and not came.blocked:
        yield (), f"the gateway answers with an error: {came.error}"
        return
    if expect.blocked_by is not None and not (came.blocked and expect.blocked_by in came.blocking):
        what = f"blocked by {_listed(came.blocking)}" if came.blocked else "nothing blocks"
        yield ("expect", "blocked_by"), f"expected a block by `{expect.blocked_by}`, but {what}"
    if expect.passes is not None and expect.passes == came.blocked:
        what = f"blocked by {_listed(came.blocking)}" if came.blocked else "it passes"
        yield ("expect", "passes"), f"expected {str(expect.passes).lower()}, but {what}"
    if expect.found_by is not None and set(expect.found_by) != came.found:
        wanted = _listed(expect.found_by)
        yield (
            ("expect", "found_by"),
            f"expected findings of {wanted}, but those that find something are {_listed(came.found)}",
        )
    if expect.never_sent is not None and any(expect.never_sent in text for text in came.sent):
        yield ("expect", "never_sent"), f"{_shown(expect.never_sent)} was sent to the caller"
    if case.model_sees is not None:
        yield from _seen(case.model_sees, said, came)
    if case.caller_sees is not None:
        answer = "".join(came.arguments) if case.tool_call is not None else came.content
        withheld = came.blocked and not answer  # what blocks may have said something in the model's place
        if withheld or not matches(case.caller_sees, answer):
            what = _blocked(came) if withheld else f"the caller got {_shown(answer)}"
            yield ("caller_sees",), f"expected {_shown(case.caller_sees)}, but {what}"


def expects_nothing(case: Case) -> bool:
    expect = case.expect
    wanted = (case.model_sees, case.caller_sees, expect.blocked_by, expect.found_by, expect.never_sent, expect.passes)
    return all(one is None for one in wanted)


def matches(pattern: str, text: str) -> bool:
    """`*` matches anything, nothing too."""
    return re.fullmatch(".*?".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


def at(body: Any, trail: Trail) -> Any:
    """What stands there; None where nothing does."""
    for step in trail:
        if isinstance(step, str):
            body = body.get(step) if isinstance(body, Mapping) else None
        else:
            body = body[step] if isinstance(body, list) and step < len(body) else None
    return body


def _seen(pattern: str, said: Trail | None, came: Came) -> Iterator[Wrong]:
    key = ("model_sees",)
    if came.got is None:
        yield key, f"expected {_shown(pattern)}, but {_blocked(came)}" if came.blocked else "the model was not asked"
        return
    if said is None:
        whole = json.dumps(came.got, ensure_ascii=False)
        if not matches(f"*{pattern}*", whole):
            yield key, f"expected {_shown(pattern)} in the request, but the model got {_shown(whole)}"
    elif not matches(pattern, str(text := at(came.got, said))):
        yield key, f"expected {_shown(pattern)}, but the model got {_shown(str(text))}"


def _blocked(came: Came) -> str:
    return f"it is blocked by {_listed(came.blocking)}"


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "no rule"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
