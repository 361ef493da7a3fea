"""The section `cache` of the configuration."""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from gateway.config.strict import Name, Size, Strict

MODEL: Final = "model:"
Embeds = Annotated[
    str,
    Meta(
        pattern="^(wordllama|(model|fastembed|sentence-transformers):.+)$",
        examples=["wordllama"],
        extra_json_schema={
            "patternErrorMessage": "must be `wordllama`, `model:NAME`, `fastembed:NAME` or `sentence-transformers:NAME`"
        },
    ),
]


class CacheClass(Strict, frozen=True):
    """A class of traffic in which an answer to a like question may serve, once its share of wrong ones is certified."""

    models: Annotated[list[Name], Meta(description="Names asked for; `*` at the end matches the rest.")] = field(
        default_factory=lambda: ["*"]
    )
    teams: Annotated[list[Name] | None, Meta(description="Teams of the caller's key, any of them.")] = None
    tags: Annotated[list[Name] | None, Meta(description="Tags of the caller's key, any of them.")] = None
    serve: Annotated[
        Literal["certified", "shadow"],
        Meta(description="`shadow` only ever reports; `certified` serves while the class has a certificate."),
    ] = "certified"
    wrong: Annotated[
        float, Meta(ge=0.0001, le=0.2, description="Share of wrong answers among those served, at most.")
    ] = 0.01
    confidence: Annotated[float, Meta(ge=0.5, lt=1, description="Of the certificate.")] = 0.95
    review: Annotated[float, Meta(gt=0, le=1, description="Share of would-be hits that are reviewed before it.")] = 1.0
    audit: Annotated[float, Meta(gt=0, le=1, description="Share of hits that are reviewed afterwards.")] = 0.02
    temperature: Annotated[
        float, Meta(ge=0, le=2, description="Highest of a request; one that names none counts as the vendors' 1.0.")
    ] = 0.5
    volatile: Annotated[bool, Meta(description="Also questions about today, prices and news.")] = False
    reviewer: Annotated[
        Literal["agreement", "judge", "people"],
        Meta(
            description="Who compares two answers: words and embedding, which shares the blindness of the matcher, `judge`, or people in the "
            "console: then this process holds the texts of both in memory until somebody has."
        ),
    ] = "agreement"
    judge: Annotated[Name | None, Meta(description="Model that judges; its cost is the operator's.")] = None
    promote: Annotated[
        bool,
        Meta(
            description="Below the certificate, an answer that the judge has confirmed for a question may serve it. Needs `reviewer_of`."
        ),
    ] = False
    one_caller: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Share of the reviews that may come from one caller, so that none moves a class alone.",
        ),
    ] = 0.2
    reviewer_missed: Annotated[
        int, Meta(ge=0, description="Wrong pairs it let pass, of `reviewer_of` labelled ones.")
    ] = 0
    reviewer_of: Annotated[int, Meta(ge=0, description="Wrong pairs that the reviewer was measured on.")] = 0


class Semantic(Strict, frozen=True):
    """Answers to questions that are alike. Needs the extra `semantic`, unless a model or another library embeds: then numpy."""

    classes: Annotated[dict[Name, CacheClass], Meta(description="By name; the first that fits counts.")]
    embedder: Annotated[
        Embeds,
        Meta(
            description="What turns a question into a vector: `wordllama`; `model:NAME`, a model of this file; `fastembed:NAME` or "
            "`sentence-transformers:NAME`, libraries whose model is on this machine."
        ),
    ] = "wordllama"
    dimensions: Annotated[
        Annotated[int, Meta(ge=2, le=16_384)] | None,
        Meta(
            description="Numbers of a vector, asked for of `model:NAME`. Unless given, as many as its first answer has."
        ),
    ] = None
    deadline_ms: Annotated[float, Meta(gt=0, le=1000, description="Of the whole step; then the request is a miss.")] = (
        30.0
    )
    held_reviews: Annotated[
        int,
        Meta(
            ge=1,
            le=2_000,
            description="Pairs of answers held for people (`reviewer: people`); what nobody reviews leaves for what comes later.",
        ),
    ] = 200
    scope_entries: Annotated[int, Meta(ge=1, le=1_000_000, description="Questions held in one scope.")] = 10_000


class Cache(Strict, frozen=True):
    """Answers given again. Without this section nothing is kept."""

    share: Annotated[
        Literal["user", "key", "team", "tenant", "global"],
        Meta(
            description="Who may get an answer that was given to another: the same end user of a key, its key, team, all."
        ),
    ] = "user"
    models: Annotated[list[Name], Meta(description="Whose answers are kept; `*` at the end matches the rest.")] = field(
        default_factory=lambda: ["*"]
    )
    seconds: Annotated[
        float, Meta(gt=0, le=31_536_000, description="How long an answer is given again, from when it was first given.")
    ] = 86_400.0
    stale_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=31_536_000,
            description="How long after that it is still given to equal requests, while a new one is asked for in the background.",
        ),
    ] = 0.0
    jitter: Annotated[
        float,
        Meta(
            ge=0, le=0.5, description="Share of that by which it is shortened at random, so that not all end at once."
        ),
    ] = 0.1
    entries: Annotated[int, Meta(ge=1, description="How many are held in memory.")] = 100_000
    bytes: Annotated[Size, Meta(description="How much they may hold together.")] = 256 * 1024 * 1024
    answer_bytes: Annotated[Size, Meta(description="Largest answer that is kept.")] = 1024 * 1024
    backend: Annotated[
        Literal["memory", "redis"], Meta(description="`redis` shares with other replicas, by the section `redis`.")
    ] = "memory"
    file: Annotated[
        Name | None,
        Meta(
            description="Where what is in memory is written, so that it outlives a restart; encrypted if there is a `secret`."
        ),
    ] = None
    wait_ms: Annotated[
        float,
        Meta(
            gt=0,
            le=5000,
            description="How long a request waits for `redis` each time, if its `timeout_ms` is no less; then it is a miss.",
        ),
    ] = 20.0
    semantic: Annotated[Semantic | None, Meta(description="Answers to questions that are alike; off unless given.")] = (
        None
    )
    value_independent: Annotated[
        list[Name],
        Meta(
            description="Models whose answers do not depend on the personal values of a request: requests that differ in nothing else"
            " share one, each with its own values in it. `*` at the end matches the rest."
        ),
    ] = field(default_factory=list)
    single_flight: Annotated[
        Literal["deterministic", "always", "never"],
        Meta(
            description="Which equal requests share one call while it is under way: those with `temperature: 0` or a `seed`, all, none."
        ),
    ] = "deterministic"
    ignored_fields: Annotated[
        list[Name],
        Meta(description="More fields of requests that cannot change an answer, such as your own tracing ids."),
    ] = field(default_factory=list)
