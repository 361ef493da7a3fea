"""The scope of a request: within what an answer may be given again. Pure.

The whole neutral request enters it, and fields that nobody knows as well: an unforeseen parameter can cost a hit, never give
a wrong answer. What cannot change an answer is left out by name (`UNCHANGING`, and what the configuration adds).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from gateway.cache.parts import DIGEST_BYTES, Parts, parts_of
from gateway.cache.slots import NONE, SPOKEN, Slots, slotted
from gateway.errors import GatewayError
from gateway.guards.placeholders import PLACEHOLDER, Held
from gateway.wire.dialect import Dialect
from gateway.wire.neutral import Request, Text

UNCHANGING: Final = frozenset(
    {
        "cache_control",
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "store",
        "stream",
        "stream_options",
        "user",
    }
)
"""Fields of a request that say how it is answered, billed or filed, and not what."""

MARKERS: Final = frozenset({"cache_control", "prompt_cache_breakpoint"})
"""Fields inside turns, parts and tools that speak to the vendor's own cache of prompts."""

_VENDORS: Final = {"messages": "anthropic-"}
_SAME_ANSWER: Final = frozenset({"anthropic-version", "openai-organization", "openai-project"})
_OF_THE_FORM: Final = frozenset({"dialect", "model", "include_usage", "echo"})
_REPEATED: Final = ("tools", "tool_choice", "text", "reasoning", "instructions")  # these stand in the request itself
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What besides its body decides to whom, and by whom, a request is answered.

    `share`: the identity that an answer is shared within. `rules`: digest of the policies that apply, empty if none do.
    `route`: the asked model and its targets. `headers`: those that change answers.
    """

    share: tuple[str, ...]
    rules: str
    route: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def named(self) -> dict[str, Any]:
        return {"share": self.share, "rules": self.rules, "route": self.route, "headers": self.headers}


class Scope(NamedTuple):
    """`exact`: of equal requests alone. `around`: of those that differ in nothing but `question`, the last user text; None
    where there is no such text. `request` is None where the dialect has no neutral form. `parts`: what both are made of, but
    for that text, to tell the parts apart.
    """

    exact: bytes
    around: bytes | None
    question: str
    request: Request | None
    parts: Parts
    slots: Slots = NONE

    @property
    def live(self) -> bytes:
        """Of equal requests whose placeholders are equal, too: what a model answers to one of them is the other's as it comes."""
        if not self.slots:
            return self.exact
        return blake2b(self.exact + _encode(self.slots.codes), digest_size=DIGEST_BYTES).digest()

    def __repr__(self) -> str:
        return f"Scope({self.exact.hex()[:8]})"


def scoped(
    dialect: Dialect,
    body: Mapping[str, Any],
    around: Circumstances,
    ignored: Collection[str] = (),
    held: Mapping[str, Held] | None = None,
) -> Scope | None:
    """`body`: as it goes to the model, after screening. `ignored`: more names that cannot change an answer. `held`: the values of
    its exchange by the ten characters of their placeholders, if the answer is declared not to depend on them.

    None for what no digest can be made of: half a character, a number without bounds.
    """
    left_out = UNCHANGING.union(ignored)
    request = _read(dialect, body)
    texts: list[str] = []
    if request is None:
        said = {name: value for name, value in body.items() if name not in left_out and name != "model"}
        form: Any = (dialect.name, body.get("stream") is True)
    else:
        said, texts = _said(request, left_out)
        form = "neutral"
    slots = NONE
    try:
        if held and dialect.name in SPOKEN:
            (said, texts), slots = slotted((said, texts), held)
        circumstances = {**around.named, "form": form, **({"slots": slots.kinds} if slots else {})}
        parts, whole = parts_of(circumstances, said, neutral=request is not None)
        base = blake2b(whole, digest_size=DIGEST_BYTES)
        exact = base.copy()
        exact.update(b"\0exact" + _encode(texts))
    except (UnicodeEncodeError, OverflowError):
        return None
    question = "\n".join(texts)
    if not question.strip():
        return Scope(exact.digest(), None, "", request, parts, slots)
    values = sorted({match.group() for match in PLACEHOLDER.finditer(question)})
    base.update(b"\0around" + _encode(values))
    return Scope(exact.digest(), base.digest(), question, request, parts, slots)


def way(dialect: Dialect, body: Mapping[str, Any], *, streamed: bool, asked_usage: bool, slots: Slots = NONE) -> bytes:
    """What decides how an answer is written for a caller: with the same, the frames of another serve as they are.

    The Responses API repeats the request in its answer; with slots, where there are any.
    """
    said: Any = None
    if dialect.name == "responses":
        said = {name: value for name, value in body.items() if name not in ("input", "model")}
    written = slots.into(_encode((dialect.name, streamed, streamed and asked_usage, said)))
    return blake2b(written, digest_size=16).digest()


def that_change_answers(dialect: str, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Those of a request, by their names in lower case: the language, and the vendor's own but for a few."""
    vendor = _VENDORS.get(dialect, "openai-")
    return tuple(
        sorted(
            (name, value)
            for name, value in headers.items()
            if name == "accept-language" or (name.startswith(vendor) and name not in _SAME_ANSWER)
        )
    )


def texts_of(request: Request) -> list[str]:
    """The last user text, in its parts; none where something else than text stands last, or in it."""
    last = request.messages[-1] if request.messages else None
    if last is None or last.role != "user":
        return []
    texts = [part.text for part in last.parts if isinstance(part, Text) and not _special(part.extras)]
    return texts if len(texts) == len(last.parts) else []


def _read(dialect: Dialect, body: Mapping[str, Any]) -> Request | None:
    """None where the dialect has no neutral form, or the body holds what that cannot say: it passes natively all the same."""
    if dialect.read_request is None:
        return None
    try:
        return dialect.read_request(dict(body))
    except GatewayError:
        return None


def _said(request: Request, left_out: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The request as plain values, the texts of its last turn taken out; and those."""
    texts = texts_of(request)
    said: dict[str, Any] = {
        name: value
        for name, value in msgspec.to_builtins(request).items()
        if name not in left_out and name not in _OF_THE_FORM
    }
    said["extras"] = _known_to_matter(request.extras, left_out)
    said["echo"] = _known_to_matter(request.echo, {*left_out, *_REPEATED})
    if texts:
        for part in said["messages"][-1]["parts"]:
            part["text"] = ""
    for turn in said["messages"]:
        for node in (turn, *turn["parts"]):
            if node.get("extras"):
                node["extras"] = _known_to_matter(node["extras"], MARKERS)
    for tool in said["tools"]:
        tool["extras"] = _known_to_matter(tool["extras"], MARKERS)
    return said, texts


def _special(extras: Mapping[str, Any]) -> bool:
    return bool(extras.keys() - MARKERS)


def _known_to_matter(fields: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in left_out}
