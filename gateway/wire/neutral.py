"""The neutral form of a request and of an answer: what stands behind the dialects.

It serves translation between dialects now, and the cache's scope and store later. What one dialect alone knows travels in
`extras` under the name it has on the wire; a writer that cannot express one refuses it or, where nothing is lost, drops it.
A stream is a sequence of events; a whole answer is those events folded.
"""

from typing import Any, Literal

from msgspec import Struct, field

Extras = dict[str, Any]


class _Node(Struct, kw_only=True):
    """`extras`: fields of this node only its own dialect knows (`cache_control`, `annotations`, …)."""

    extras: Extras = field(default_factory=dict)


# --- parts of a message ----------------------------------------------------------------------------------------------


class Text(_Node, tag=True):
    text: str


class Image(_Node, tag=True):
    """Either a `url`, or base64 `data` with its `media_type`."""

    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    detail: str | None = None


class Audio(_Node, tag=True):
    """Base64 `data`; `format` as OpenAI names it (`wav`, `mp3`)."""

    data: str
    format: str


class File(_Node, tag=True):
    """A document: by id, by URL, or base64 `data` with its `media_type`."""

    file_id: str | None = None
    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    filename: str | None = None


class ToolCall(_Node, tag=True):
    """`arguments` is JSON text as the model wrote it (free text for a custom tool)."""

    id: str
    name: str
    arguments: str
    custom: bool = False


class ToolResult(_Node, tag=True):
    call_id: str
    parts: list["Text | Image | File | Opaque"]
    is_error: bool = False


class Reasoning(_Node, tag=True):
    """Reasoning text. `signature` (Anthropic) and `encrypted` (OpenAI) are never edited and only mean something to `origin`."""

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    redacted: bool = False
    id: str | None = None
    origin: str | None = None  # the dialect that wrote it


class Refusal(_Node, tag=True):
    text: str


class Opaque(_Node, tag=True):
    """A block that only `dialect` understands, whole (server tools, containers, …)."""

    dialect: str
    value: dict[str, Any]


Part = Text | Image | Audio | File | ToolCall | ToolResult | Reasoning | Refusal | Opaque
Role = Literal["system", "developer", "user", "assistant"]


class Message(_Node):
    """A turn. Tool results are parts of a `user` message; a writer splits them off where its dialect wants that."""

    role: Role
    parts: list[Part]
    name: str | None = None


# --- the request -----------------------------------------------------------------------------------------------------


class Tool(_Node):
    """A function the model may call. `parameters` is its JSON Schema. `custom` tools take free text."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    custom: bool = False


class ToolChoice(_Node):
    """`name` with mode `tool` only."""

    mode: Literal["auto", "none", "required", "tool"]
    name: str | None = None


class Format(_Node):
    """Structured output: `schema` with kind `schema` only."""

    kind: Literal["text", "json", "schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


class Thinking(_Node):
    """How much reasoning is wanted: an effort word, or a budget in tokens, or switched on or off."""

    enabled: bool | None = None
    effort: str | None = None
    budget_tokens: int | None = None
    summary: str | None = None


class Request(Struct, kw_only=True):
    """A conversation to be continued. None means the caller said nothing.

    `extras`: top-level fields only `dialect` knows, by their wire name. `hosted`: tools the vendor itself runs (whole, as on
    the wire); no other dialect can express them. `echo`: the caller's own fields that its dialect repeats in the answer or
    keeps for itself, as they came; writers of other dialects do not look at it.
    """

    dialect: str
    model: str
    messages: list[Message]
    tools: list[Tool] = field(default_factory=list)
    hosted: list[dict[str, Any]] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] = field(default_factory=list)
    n: int = 1
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    format: Format | None = None
    thinking: Thinking | None = None
    stream: bool = False
    include_usage: bool = False
    user: str | None = None
    metadata: dict[str, Any] | None = None
    service_tier: str | None = None
    legacy_functions: bool = False  # the caller of chat declared `functions`, and is answered with `function_call`
    extras: Extras = field(default_factory=dict)
    echo: Extras = field(default_factory=dict)


# --- the answer ------------------------------------------------------------------------------------------------------

Finish = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "stop_sequence", "pause"]


class Usage(Struct, kw_only=True):
    """Token counts. `input_tokens` include the cached and the cache-written ones, `output_tokens` the reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    extras: Extras = field(default_factory=dict)


class Choice(_Node):
    """One answer. `logprobs` as the chat dialect writes them."""

    index: int
    parts: list[Part]
    finish: Finish | None = None
    stop_sequence: str | None = None
    logprobs: dict[str, Any] | None = None


class Answer(_Node):
    """A whole answer. `created` in seconds since 1970."""

    id: str
    model: str
    created: int
    choices: list[Choice]
    usage: Usage | None = None


# --- the answer as it comes ------------------------------------------------------------------------------------------

LaneKind = Literal["content", "reasoning", "refusal", "tool_args"]


class Begin(_Node, tag=True):
    """The first event: whose answer it is."""

    id: str
    model: str
    created: int
    usage: Usage | None = None  # what is known of the input already (Anthropic)


class Delta(_Node, tag=True):
    """Text for one lane. `tool` tells apart the tool calls of a choice, counted from 0; None elsewhere."""

    choice: int
    kind: LaneKind
    text: str
    tool: int | None = None
    logprobs: dict[str, Any] | None = None


class ToolBegin(_Node, tag=True):
    """A tool call opens its lane; its arguments follow as deltas of kind `tool_args`."""

    choice: int
    tool: int
    id: str
    name: str
    custom: bool = False


class Sealed(_Node, tag=True):
    """What closes a reasoning block and is never edited: a signature, or encrypted content."""

    choice: int
    signature: str | None = None
    encrypted: str | None = None
    redacted: bool = False
    id: str | None = None


class Whole(_Node, tag=True):
    """A part that comes in one piece (an opaque block, a citation list, an image)."""

    choice: int
    part: Part


class Finished(_Node, tag=True):
    """A choice has ended, and why."""

    choice: int
    finish: Finish
    stop_sequence: str | None = None


class Used(_Node, tag=True):
    usage: Usage


class Ended(_Node, tag=True):
    """The proper end. A stream without it was cut."""


class Failed(_Node, tag=True):
    """An error inside the stream, in the words of the upstream; `code` as in `gateway.errors.KINDS`."""

    code: str
    message: str


Event = Begin | Delta | ToolBegin | Sealed | Whole | Finished | Used | Ended | Failed
