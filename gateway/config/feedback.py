"""The section `feedback` of the configuration."""

from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.config.strict import Seconds, Size, Strict

MetricName = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9_.-]{0,63}$",
        examples=["thumbs"],
        extra_json_schema={
            "patternErrorMessage": "must begin with a small letter; then letters, digits, `_`, `.`, `-`"
        },
    ),
]
Origin = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^/*\s]+$",
        examples=["https://app.example.com"],
        extra_json_schema={
            "patternErrorMessage": "must be scheme, host and perhaps port, as browsers send it: https://app.example.com"
        },
    ),
]


class Rating(Strict, frozen=True):
    """One metric: what may be said, and what of it is bad. Names and values become labels, so they are declared."""

    kind: Annotated[
        Literal["thumbs", "score", "category"],
        Meta(
            description="`thumbs`: true or false; `score`: a number from `min` to `max`; `category`: one of `values`."
        ),
    ] = "thumbs"
    level: Annotated[
        Literal["response", "conversation"], Meta(description="What is rated: one answer, or all of a conversation.")
    ] = "response"
    better: Annotated[
        Literal["higher", "lower"], Meta(description="Which end of a score is good; of thumbs, `higher` is true.")
    ] = "higher"
    min: Annotated[float, Meta(description="Lowest score.")] = 0.0
    max: Annotated[float, Meta(description="Highest score.")] = 1.0
    bad: Annotated[float | None, Meta(description="This score is bad, and every worse one; without it none is.")] = None
    values: Annotated[list[MetricName], Meta(max_length=32, description="Of a category.")] = field(default_factory=list)
    bad_values: Annotated[list[MetricName], Meta(description="Those of `values` that are bad.")] = field(
        default_factory=list
    )
    complaint: Annotated[
        bool, Meta(description="A bad value speaks against the answer: if it was kept, the cache hears of it.")
    ] = True


class FeedbackTokens(Strict, frozen=True):
    """Signed tokens on answers (`x-haechi-feedback-token`), by which a browser may rate this one answer without a key."""

    seconds: Annotated[Seconds, Meta(description="How long a token is good.")] = 86_400.0
    each: Annotated[int, Meta(ge=1, le=1000, description="How much feedback one token may give, in one process.")] = 20


class Feedback(Strict, frozen=True):
    """What may be said of answers, by `POST /v1/feedback`."""

    metrics: Annotated[dict[MetricName, Rating], Meta(description="By name; `thumbs` unless given.")] = field(
        default_factory=lambda: {"thumbs": Rating()}
    )
    tokens: Annotated[FeedbackTokens | None, Meta(description="For browsers; off unless given.")] = None
    origins: Annotated[list[Origin], Meta(description="Web pages that may post with a token.")] = field(
        default_factory=list
    )
    body_bytes: Annotated[Size, Meta(description="Largest request.")] = 64 * 1024
    comment_characters: Annotated[int, Meta(ge=0, description="Longest comment.")] = 4_000
    correction_characters: Annotated[int, Meta(ge=0, description="Longest correction.")] = 32_000
    remembered: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="Requests held in memory, so that feedback on them need not wait for the ledger.",
        ),
    ] = 10_000
