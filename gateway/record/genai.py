"""The metrics of the GenAI semantic conventions that a gateway has something to say of, by name, buckets and attributes.

Source: `gen-ai-metrics.md` of the conventions, "Generative AI client metrics". A gateway is a client of models, so it has
none of the `gen_ai.server.*` metrics, which are the model servers' own. The four names, their buckets and attributes are the
same in v1.41, the last version in the main repository of the conventions, and in their own repository since, so
`OTEL_SEMCONV_STABILITY_OPT_IN` changes nothing here. Names of Prometheus are made from them by the rules of the compatibility
document: dots are underscores, and a unit that is no annotation is a suffix.
"""

from typing import Final, NamedTuple

from gateway.histogram import DOUBLING, FOURFOLD


class Instrument(NamedTuple):
    """A histogram. `attributes` in the order of the labels."""

    name: str
    unit: str
    words: str
    bounds: tuple[float, ...]
    attributes: tuple[str, ...]

    @property
    def exposed(self) -> str:
        """Its name for Prometheus."""
        return self.name.replace(".", "_") + ("_seconds" if self.unit == "s" else "")

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(one.replace(".", "_") for one in self.attributes)


_OF: Final = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")
DURATION: Final = Instrument(
    "gen_ai.client.operation.duration",
    "s",
    "Each attempt at a model, from the first byte sent to the end of the answer.",
    DOUBLING,
    (*_OF, "error.type"),
)
TOKENS: Final = Instrument(
    "gen_ai.client.token.usage",
    "{token}",
    "Tokens of an answer, as the provider reported them, else estimated.",
    FOURFOLD,
    (*_OF, "gen_ai.token.type"),
)
FIRST_CHUNK: Final = Instrument(
    "gen_ai.client.operation.time_to_first_chunk",
    "s",
    "Of streams: from the first byte sent to the first piece of the answer.",
    DOUBLING,
    _OF,
)
PER_CHUNK: Final = Instrument(
    "gen_ai.client.operation.time_per_output_chunk", "s", "Of streams: between two pieces.", DOUBLING, _OF
)

OPERATIONS: Final = {
    "chat": "chat",
    "responses": "chat",
    "messages": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
}
"""The well-known value of `gen_ai.operation.name`, by dialect. What is asked in the others is no operation of the conventions."""

_PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}


def provider_name(kind: str) -> str:
    """The value of `gen_ai.provider.name` for a row of the provider table: a well-known one, where there is one, else our own."""
    return _PROVIDERS.get(kind, kind)


def error_type(kind: str, status: int | None) -> str:
    """The value of `error.type`: the status that an upstream gave, else how the attempt failed in our own words."""
    return str(status) if status is not None and 400 <= status <= 599 else kind
