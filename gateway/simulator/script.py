"""The script of a simulator: per model name a sequence of behaviours, one used up by each request.

    models:
      demo:
        - {status: 429, retry_after: 1, repeat: 2}
        - {tokens_per_second: 20, cut: {after_frames: 5, how: rst}}
      "*": {steps: [{error: overloaded}], then: normal}

A name that begins with `/` stands for a path (`/health`, `/v1/models`). A count of frames may be negative: -1 is the place
before the last frame. A unary answer is a stream of one frame.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta, Struct, field

from gateway.simulator.errors import ROWS

Seconds = Annotated[float, Meta(ge=0)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a script: unknown keys are mistakes."""


class Cut(Strict, frozen=True):
    """The connection breaks: after so many frames or bytes of the body, half-way, or before the head of the answer.

    `pause` lets the client read what was sent before, because many drop what they hold when a reset comes.
    """

    how: Literal["rst", "fin"] = "rst"
    after_frames: int | None = None
    after_bytes: Annotated[int, Meta(ge=0)] | None = None
    half: bool = False
    before_head: bool = False
    pause: Seconds = 0.02


class Said(Strict, frozen=True):
    """One tool call, literally. Arguments are JSON or, given as text, whatever that text is."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)


class Behaviour(Strict, frozen=True):
    """What happens to one request (or to `repeat` in a row). With nothing set it is answered as the vendor would.

    `error` is a name in `errors.ROWS`: it is the answer, or with `error_after` the event inside the stream (a unary
    answer has no such event and stays whole). `after` says what becomes of the connection behind the answer: `close` drops it
    without the header that announces it. `cached_tokens` are reported as a part of the prompt. `usage_per_choice`: a stream reports usage for each
    choice by itself, as llama.cpp does. `answers`: one for each choice, and the last for all beyond.
    """

    repeat: Annotated[int, Meta(ge=1)] = 1
    # an error instead of an answer
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    error: str | None = None
    message: str | None = None
    retry_after: float | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # time
    delay_head: Seconds = 0
    delay_first_token: Seconds = 0
    tokens_per_second: Annotated[float, Meta(gt=0)] | None = None
    bytes_per_second: Annotated[float, Meta(gt=0)] | None = None
    stall_after: int | None = None
    # broken answers
    cut: Cut | None = None
    malformed_after: int | None = None
    end_after: int | None = None
    error_after: int | None = None
    content_type: str | None = None
    body: str | None = None
    usage: bool = True
    cached_tokens: Annotated[int, Meta(ge=0)] = 0
    usage_per_choice: bool = False
    after: Literal["keep", "announce", "close"] = "keep"
    # what is said
    answer: str | None = None
    answers: Annotated[list[str], Meta(min_length=1)] | None = None
    chunks: list[str] | None = None
    reasoning: str | None = None
    tool_calls: list[Said] | None = None
    refusal: str | None = None
    finish: Literal["stop", "length", "tools", "filter", "refusal"] | None = None

    def __post_init__(self) -> None:
        if self.error is not None and self.error not in ROWS:
            raise ValueError(f"there is no error '{self.error}'; there are {', '.join(ROWS)}")


NORMAL = Behaviour()


class Sequence(Strict, frozen=True):
    """Behaviours in order. After the last one it repeats, or the simulator is `normal` again."""

    steps: Annotated[list[Behaviour], Meta(min_length=1)]
    then: Literal["repeat", "normal"] = "repeat"


class Script(Strict, frozen=True):
    """All of it. `keys`, if any, are the only API keys accepted; `offers`, if any, the only models that exist."""

    models: dict[str, Sequence | list[Behaviour]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)


class ScriptError(Exception):
    """The script cannot be read; the message says where and why."""


def decode(text: str | bytes, source: str = "script") -> Script:
    """A script from YAML (and so from JSON too)."""
    try:
        return msgspec.convert(yaml.safe_load(text) or {}, Script)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ScriptError(f"{source}: {error}") from error


def load(path: Path) -> Script:
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror}") from error


class Stage:
    """Where a script stands: hands out the behaviour of each request that comes."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._used: dict[str, int] = {}

    def next(self, model: str | None, path: str) -> Behaviour:
        """The behaviour for one request, used up. The model's own sequence comes first, then the path's, then `*`."""
        for name in (model, path, "*" if model else None):
            sequence = self.script.models.get(name) if name else None
            if name and sequence:
                used = self._used.get(name, 0)
                self._used[name] = used + 1
                return _at(sequence, used)
        return NORMAL


def _at(sequence: Sequence | list[Behaviour], used: int) -> Behaviour:
    steps = sequence if isinstance(sequence, list) else sequence.steps
    for step in steps:
        used -= step.repeat
        if used < 0:
            return step
    if isinstance(sequence, Sequence) and sequence.then == "normal":
        return NORMAL
    return steps[-1]
