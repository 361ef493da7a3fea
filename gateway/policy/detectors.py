"""What a policy says of each detector: one struct per `kind`, whose fields are its configuration.

Times are in milliseconds, scores between 0 and 1.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, field

from gateway.config.strict import Name, Secret, Strict, Url
from gateway.plugins import TAG

Score = Annotated[float, Meta(ge=0, le=1)]
MinScore = Score | dict[str, Score]
Count = Annotated[int, Meta(ge=1)]
Milliseconds = Annotated[int, Meta(ge=1, le=600_000)]
EntityName = Annotated[
    str,
    Meta(
        pattern="^[A-Z][A-Z0-9_]{0,31}$",
        examples=["INTERNAL_CODE"],
        extra_json_schema={"patternErrorMessage": "must be written LIKE_THIS, with 32 characters at most"},
    ),
]


class Detector(Strict, frozen=True, tag_field=TAG):
    """Something that finds."""


class Guest(Detector, frozen=True):
    """A detector of another distribution. Its fields are its configuration. It has one of two methods:

        patterns() -> list[Pattern]    what is searched for: looks at streams as they come, and nothing of a match is ever sent
        check() -> Check               what looks at whole texts, and may take its time

    `places`: where it may look, anywhere if empty. `spans`: a check says where in the text it found something, so that this can be replaced.
    `segments`: a check can do with a part of an answer. `version`: raised when the same settings find something else; by default
    that of the distribution.
    """

    places: ClassVar[Sequence[str]] = ()
    spans: ClassVar[bool] = True
    segments: ClassVar[bool] = False
    version: ClassVar[str] = ""


class Pattern(Detector, frozen=True, tag="pattern"):
    """Regular expressions of bounded length."""

    match: Annotated[
        Name | Annotated[list[Name], Meta(min_length=1)],
        Meta(description="Regular expression, or several; each has a longest match."),
    ]
    name: Annotated[EntityName, Meta(description="What a match is called in placeholders and records.")] = "MATCH"
    context: Annotated[
        list[Name], Meta(description="Words of which one must stand shortly before a match for it to count.")
    ] = field(default_factory=list)
    score: Annotated[Score, Meta(description="Score of each match.")] = 1.0


class Keywords(Detector, frozen=True, tag="keywords"):
    """Words from a list, in any case."""

    words: Annotated[list[Name], Meta(min_length=1, description="The words.")]
    whole_words: Annotated[bool, Meta(description="Not inside a longer word; Korean particles may follow.")] = True
    name: Annotated[EntityName, Meta(description="What a match is called in placeholders and records.")] = "KEYWORD"


class Personal(Detector, frozen=True, tag="personal"):
    """Personal data by form: numbers, addresses, identifiers. Names of persons are not found without a language model."""

    entities: Annotated[list[Name], Meta(min_length=1, description="Entities or groups of them.")] = field(
        default_factory=lambda: ["personal", "korean"]
    )
    min_score: Annotated[MinScore, Meta(description="Least score, for all or by entity with `default`.")] = 0.5


class Secrets(Detector, frozen=True, tag="secrets"):
    """Keys and tokens of clouds and vendors, private keys, passwords that are assigned by name."""

    entities: Annotated[list[Name], Meta(min_length=1, description="Entities or groups of them.")] = field(
        default_factory=lambda: ["secrets"]
    )


class KoreanRrn(Detector, frozen=True, tag="korean_rrn"):
    """Korean resident and foreigner registration numbers: short for `personal` with these two entities."""


class Presidio(Detector, frozen=True, tag="presidio"):
    """Microsoft Presidio's analyzer. Names of persons need one of its engines with a language model."""

    languages: Annotated[list[Name], Meta(min_length=1, description="Languages of the text.")] = field(
        default_factory=lambda: ["en"]
    )
    entities: Annotated[list[Name] | None, Meta(description="Its entities; by default all that it recognizes.")] = None
    min_score: Annotated[MinScore, Meta(description="Least score, for all or by entity with `default`.")] = 0.5
    engine: Annotated[
        Literal["no_op", "slim", "spacy", "transformers", "gliner"], Meta(description="What reads the language.")
    ] = "no_op"
    model: Annotated[Name | None, Meta(description="Local path or repository of the engine's model.")] = None
    revision: Annotated[Name | None, Meta(description="Revision of the model.")] = None
    on_missing: Annotated[
        Literal["fail", "degrade"], Meta(description="Without the model: refuse to start, or go on with patterns.")
    ] = "fail"


class Schema(Detector, frozen=True, tag="schema"):
    """Finds a structured answer that does not fit its JSON Schema."""

    schema: Annotated[
        dict[str, Any] | None, Meta(description="JSON Schema; by default that of the request, if it has one.")
    ] = None


class ToolArgs(Detector, frozen=True, tag="tool_args"):
    """Finds calls of tools that the request does not declare, and arguments that do not fit the declared schema."""


class ToolPermissions(Detector, frozen=True, tag="tool_permissions"):
    """Finds calls of tools that may not be called."""

    allow: Annotated[
        list[Name] | None, Meta(description="Names of tools that may be called; `*` at the end. By default all.")
    ] = None
    deny: Annotated[list[Name], Meta(description="Names of tools that may not, even if allowed.")] = field(
        default_factory=list
    )
    once_untrusted: Annotated[
        bool, Meta(description="Only once untrusted content (a tool's result) is in the conversation.")
    ] = False


class Injection(Detector, frozen=True, tag="injection"):
    """Finds attempts to give the model orders: phrases, structure, Unicode tricks, encoded payloads."""

    threshold: Annotated[Score, Meta(description="Least score that counts.")] = 0.6


class Judge(Detector, frozen=True, tag="judge"):
    """Asks a model, through the gateway's own routes, whether the text breaks a rubric."""

    model: Annotated[Name, Meta(description="Model of this gateway that judges.")]
    rubric: Annotated[Name, Meta(description="What it is asked, in plain words.")]
    threshold: Annotated[Score, Meta(description="Least score that counts.")] = 0.5
    max_chars: Annotated[int, Meta(ge=1, le=1_000_000, description="Longest text that it is shown.")] = 20_000
    budget: Annotated[
        Annotated[float, Meta(gt=0)] | None, Meta(description="US dollars a day, of each process of the gateway.")
    ] = None


class Length(Detector, frozen=True, tag="length"):
    """Finds text that is too long or too short."""

    max_chars: Annotated[Count | None, Meta(description="Most characters.")] = None
    min_chars: Annotated[Count | None, Meta(description="Fewest characters.")] = None


class GuardrailsAi(Detector, frozen=True, tag="guardrails_ai"):
    """A validator of Guardrails AI, called directly."""

    validator: Annotated[Name, Meta(description="Its registered name, or `module:Class`.")]
    arguments: Annotated[dict[str, Any], Meta(description="What it is made with.")] = field(default_factory=dict)


class Webhook(Detector, frozen=True, tag="webhook"):
    """Asks a service of one's own, by a signed request."""

    url: Annotated[Url, Meta(description="Where the text is posted.")]
    secret: Annotated[Secret, Meta(description="Signs the request; usually `${VAR}`.")]


class Moderation(Detector, frozen=True, tag="moderation"):
    """Asks a vendor's moderation endpoint, through the gateway's own routes."""

    model: Annotated[Name, Meta(description="Model of this gateway that moderates.")]
    categories: Annotated[list[Name] | None, Meta(description="Categories that count; by default all.")] = None
    threshold: Annotated[Score | None, Meta(description="Least score; by default what the vendor flags.")] = None


Spec = (
    Pattern
    | Keywords
    | Personal
    | Secrets
    | KoreanRrn
    | Presidio
    | Schema
    | ToolArgs
    | ToolPermissions
    | Injection
    | Judge
    | Length
    | GuardrailsAi
    | Webhook
    | Moderation
)
"""Any detector of ours. The tag of a struct is its `kind`."""


def kind_of(spec: Detector) -> str:
    return str(spec.__struct_config__.tag)
