"""What the simulator says: a pure function of what was asked and of the script, the same for every dialect."""

from dataclasses import dataclass, field
from typing import Literal

from msgspec import json

from gateway.simulator.schema import Schema, example
from gateway.simulator.script import Behaviour
from gateway.simulator.tokens import shred, split

Finish = Literal["stop", "length", "tools", "filter", "refusal", "stop_sequence"]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the caller declared."""

    name: str
    schema: Schema


@dataclass(slots=True)
class Ask:
    """A request, as far as it shapes the answer. `force` is a tool name, or `*` for any tool; `heard` is a tool's result,
    `before` are the earlier texts of the user.
    """

    last: str
    prompt_tokens: int
    before: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    force: str | None = None
    forbid_tools: bool = False
    parallel: bool = True
    schema: Schema | None = None
    limit: int | None = None
    stops: list[str] = field(default_factory=list)
    thinking: bool = False
    heard: str | None = None


@dataclass(slots=True)
class Use:
    """One tool call; `pieces` join to its arguments."""

    name: str
    pieces: list[str]

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


@dataclass(slots=True)
class Reply:
    """One choice. Pieces join to the whole text; a piece is a token of the usage."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    tools: list[Use] = field(default_factory=list)
    finish: Finish = "stop"
    stop: str | None = None

    @property
    def tokens(self) -> int:
        calls = sum(len(use.pieces) + 2 for use in self.tools)
        return len(self.text) + len(self.reasoning) + len(self.refusal) + calls


def reply(ask: Ask, behaviour: Behaviour, index: int = 0) -> Reply:
    """Choice `index` of the answer: what the script says literally, else an echo of the last user text."""
    made = Reply(tools=_uses(ask, behaviour))
    if behaviour.reasoning is not None:
        made.reasoning = split(behaviour.reasoning)
    elif ask.thinking:
        made.reasoning = split(f"The user said: {ask.last}")
    if behaviour.refusal is not None:
        made.refusal = split(behaviour.refusal)
        made.finish = "refusal"
    elif _says_text(behaviour) or not made.tools:
        made.text = _text(ask, behaviour, index)
    if made.tools:
        made.finish = "tools"
    _stop(made, ask.stops)
    _shorten(made, ask.limit)
    if behaviour.finish is not None:
        made.finish = behaviour.finish
    return made


def _uses(ask: Ask, behaviour: Behaviour) -> list[Use]:
    if behaviour.tool_calls is not None:
        given = [(said.name, said.arguments) for said in behaviour.tool_calls]
        return [Use(name, shred(_encoded(arguments))) for name, arguments in given]
    if _says_text(behaviour) or behaviour.refusal is not None:
        return []
    return [Use(tool.name, shred(_encoded(example(tool.schema, ask.last)))) for tool in _called(ask)]


def _says_text(behaviour: Behaviour) -> bool:
    return behaviour.answer is not None or behaviour.answers is not None or behaviour.chunks is not None


def _called(ask: Ask) -> list[Tool]:
    if ask.forbid_tools or not ask.tools:
        return []
    if ask.force and ask.force != "*":
        return [tool for tool in ask.tools if tool.name == ask.force][:1]
    said = ask.last.lower()
    if not ask.force and (ask.heard is not None or "tool" not in said):
        return []
    several = ask.parallel and ("tools" in said or "parallel" in said)
    return ask.tools if several else ask.tools[:1]


def _encoded(arguments: object) -> str:
    return arguments if isinstance(arguments, str) else json.encode(arguments).decode()


def _text(ask: Ask, behaviour: Behaviour, index: int) -> list[str]:
    if behaviour.chunks is not None:
        return list(behaviour.chunks)
    if behaviour.answers is not None:
        return split(behaviour.answers[min(index, len(behaviour.answers) - 1)])
    if behaviour.answer is not None:
        return split(behaviour.answer)
    if ask.schema is not None:
        return split(_encoded(example(ask.schema, ask.last)))
    said = _said(ask)
    return split(f"{said} ({index + 1})" if index else said)


def _said(ask: Ask) -> str:
    """An echo; the word "recall" brings back the whole conversation, so that a lost one shows."""
    if ask.heard is not None:
        return f"The tool said: {ask.heard}"
    if "recall" in ask.last.lower():
        return f"You said: {' | '.join([*ask.before, ask.last])}"
    return f"You said: {ask.last}"


def _stop(made: Reply, stops: list[str]) -> None:
    """Cut the text before the first stop sequence."""
    whole = "".join(made.text)
    found = [(at, stop) for stop in stops if stop and (at := whole.find(stop)) >= 0]
    if not found:
        return
    at, made.stop = min(found)
    made.finish = "stop_sequence"
    made.tools = []
    kept: list[str] = []
    for piece in made.text:
        if at > 0:
            kept.append(piece[:at])
        at -= len(piece)
    made.text = kept


def _shorten(made: Reply, limit: int | None) -> None:
    """Keep `limit` tokens, in the order in which a model makes them."""
    if limit is None or made.tokens <= limit:
        return
    made.finish = "length"
    made.stop = None
    for name in ("reasoning", "text", "refusal"):
        kept = getattr(made, name)[: max(limit, 0)]
        setattr(made, name, kept)
        limit -= len(kept)
    tools: list[Use] = []
    for use in made.tools:
        if limit > 2:
            tools.append(Use(use.name, use.pieces[: limit - 2]))
        limit -= len(use.pieces) + 2
    made.tools = tools
