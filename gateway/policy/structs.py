"""The shape of a policy file. These structs are the document: decoding, messages and JSON Schema come from them."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, field

from gateway.config.schema import JsonSchema, schema_of
from gateway.config.strict import Name, Strict, Zone
from gateway.guards.segments import MOST_LEAST
from gateway.policy.actions import Action, Word
from gateway.policy.detectors import Milliseconds, Score, Spec

Surface = Literal[
    "chat",
    "completions",
    "responses",
    "messages",
    "count_tokens",
    "embeddings",
    "moderations",
    "images",
    "audio",
    "files",
    "batches",
    "rerank",
]
In = Literal["system", "developer", "user", "assistant", "tool_result", "tool_definition"]
Out = Literal["content", "reasoning", "tool_args", "refusal"]
Place = Literal[In, Out]
Mode = Literal["enforce", "shadow", "off"]
OnError = Literal["block", "allow"]
Opaque = Literal["refuse", "allow"]
Asked = Literal["segment", "full"]
"""A guarantee that a rule can ask for. `proven` comes by itself, with patterns."""

POLICY_NAME: Final = "^[a-z0-9][a-z0-9_-]{0,63}$"
_LowerCase = Annotated[
    str,
    Meta(
        pattern=POLICY_NAME,
        extra_json_schema={"patternErrorMessage": "must be of lower-case letters, digits, `-` and `_`, 64 at most"},
    ),
]
PolicyName = Annotated[_LowerCase, Meta(examples=["support"])]
RuleId = Annotated[_LowerCase, Meta(examples=["no-internal-codes"])]
Names = Annotated[list[Name], Meta(min_length=1)]


class Bind(Strict, frozen=True):
    """To which requests a policy applies: all that is given must hold, one entry of each list."""

    models: Annotated[Names, Meta(description="Model names; `*` at the end matches the rest.")] = field(
        default_factory=lambda: ["*"]
    )
    teams: Annotated[Names, Meta(description="Teams of the caller's key.")] = field(default_factory=lambda: ["*"])
    tags: Annotated[list[Name], Meta(description="Tags of the caller's key; empty is no condition.")] = field(
        default_factory=list
    )
    surfaces: Annotated[
        Annotated[list[Literal["*", Surface]], Meta(min_length=1)], Meta(description="APIs that the caller speaks.")
    ] = field(default_factory=lambda: ["*"])
    zones: Annotated[
        Annotated[list[Literal["*", Zone]], Meta(min_length=1)],
        Meta(description="Trust zones; one target of the plan in one of them is enough."),
    ] = field(default_factory=lambda: ["*"])


class Defaults(Strict, frozen=True):
    """For every rule of the document that does not say itself."""

    on_error: Annotated[OnError, Meta(description="What happens where a detector fails or is late.")] = "block"
    timeout_ms: Annotated[
        Milliseconds | None,
        Meta(
            description="Until a detector is late, in milliseconds. By default what its kind needs: 500 here, 10000 for a judge."
        ),
    ] = None
    mode: Annotated[Mode, Meta(description="`shadow` finds and records, and changes nothing.")] = "enforce"
    opaque: Annotated[Opaque, Meta(description="Where a place holds what cannot be read: images, ids, tokens.")] = (
        "refuse"
    )


class Segment(Strict, frozen=True):
    """Of how much of an answer a check sees at a time, in characters."""

    most: Annotated[
        int,
        Meta(ge=MOST_LEAST, le=4_000, description="The longest segment; most end sooner, with a sentence or a line."),
    ] = 400
    overlap: Annotated[
        int, Meta(ge=0, le=1_000, description="Of what stands before it, and has been sent, that is shown with it.")
    ] = 80


class Rule(Strict, frozen=True):
    """Ties detectors to places and to one action."""

    id: Annotated[RuleId, Meta(description="Unique in the document.")]
    where: Annotated[list[Place], Meta(min_length=1, description="Places of the request and of the answer.")]
    detect: Annotated[Names, Meta(description="Names of detectors.")]
    action: Annotated[Action | Word, Meta(description="What is done about a finding.")]
    mode: Annotated[Mode | None, Meta(description="By default that of the document.")] = None
    on_error: Annotated[OnError | None, Meta(description="By default that of the document.")] = None
    timeout_ms: Annotated[Milliseconds | None, Meta(description="By default that of the document.")] = None
    opaque: Annotated[Opaque | None, Meta(description="By default that of the document.")] = None
    min_score: Annotated[Score, Meta(description="Findings that score less are not this rule's.")] = 0.0
    guarantee: Annotated[
        Asked | None,
        Meta(
            description="`segment`: a stream flows sentence by sentence, each looked at before it is sent. `full`: nothing is sent before all was looked at. By default `full` for checks; patterns need neither."
        ),
    ] = None
    segment: Annotated[Segment | None, Meta(description="How an answer is cut for `guarantee: segment`.")] = None


class Expect(Strict, frozen=True):
    """What must come out of a test."""

    blocked_by: Annotated[RuleId | None, Meta(description="Rule that blocks.")] = None
    found_by: Annotated[
        list[RuleId] | None, Meta(description="Rules that find something: these and no others; `[]` for none.")
    ] = None
    never_sent: Annotated[Name | None, Meta(description="Text of which the caller must get nothing.")] = None
    passes: Annotated[bool | None, Meta(description="Whether nothing blocks.")] = None


class Call(Strict, frozen=True):
    """A call of a tool that the model makes."""

    name: Annotated[Name, Meta(description="Of the tool.")] = "use"
    arguments: Annotated[dict[str, Any], Meta(description="What it is called with.")] = field(default_factory=dict)


class Case(Strict, frozen=True):
    """One case, run through the real pipeline with a scripted model, unary and streamed. `*` in an expected text matches anything."""

    name: Annotated[Name, Meta(description="Unique in the document.")]
    say: Annotated[str | None, Meta(description="What the user says.")] = None
    system: Annotated[str | None, Meta(description="The system prompt.")] = None
    tool_result: Annotated[str | None, Meta(description="What a tool returned.")] = None
    tools: Annotated[
        dict[str, dict[str, Any]] | None,
        Meta(description="Declared tools, by name, each with its JSON Schema; by default the one that is called."),
    ] = None
    form: Annotated[dict[str, Any] | None, Meta(description="JSON Schema that the request demands of the answer.")] = (
        None
    )
    body: Annotated[dict[str, Any] | None, Meta(description="More fields of the request, or others instead.")] = None
    surface: Annotated[Surface, Meta(description="API that the caller speaks.")] = "chat"
    answer: Annotated[
        str | None,
        Meta(
            description="What the model answers; `<KIND_*>` is the placeholder it got. By default `You said: ` and the text."
        ),
    ] = None
    answer_chunks: Annotated[list[str] | None, Meta(description="The same in chunks of a stream.")] = None
    tool_call: Annotated[Call | None, Meta(description="A tool that the model calls instead.")] = None
    model_sees: Annotated[
        str | None,
        Meta(
            description="What the model must get of `say`, else of `tool_result`, else of `system`; without these, somewhere in the request."
        ),
    ] = None
    caller_sees: Annotated[
        str | None, Meta(description="What the caller must get of the answer; of a call its arguments, as JSON.")
    ] = None
    expect: Annotated[Expect, Meta(description="What else must come out.")] = field(default_factory=Expect)


class Document(Strict, frozen=True):
    """The whole file."""

    haechi: Annotated[Literal["policy/v1"], Meta(description="What this file is.")]
    name: Annotated[PolicyName, Meta(description="Unique over all files; callers may ask for it by this name.")]
    version: Annotated[int, Meta(ge=1, description="Raised with every change.")] = 1
    description: Annotated[str, Meta(description="What it is for.")] = ""
    extends: Annotated[list[PolicyName], Meta(description="Policies whose rules are inherited; can only tighten.")] = (
        field(default_factory=list)
    )
    bind: Annotated[
        Bind | Literal["by_name"],
        Meta(description="To which requests it applies; `by_name`: only where extended or asked for."),
    ] = field(default_factory=Bind)
    defaults: Annotated[Defaults, Meta(description="For every rule that does not say itself.")] = field(
        default_factory=Defaults
    )
    detectors: Annotated[dict[str, Spec], Meta(description="What finds, by name.")] = field(default_factory=dict)
    rules: Annotated[list[Rule], Meta(description="What is done about it.")] = field(default_factory=list)
    tests: Annotated[list[Case], Meta(description="Cases that `haechi policy test` runs.")] = field(
        default_factory=list
    )


def json_schema() -> JsonSchema:
    """The schema as `haechi policy schema` prints it."""
    return schema_of(Document, "Haechi policy")
