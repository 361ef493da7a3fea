"""What the conventions say of spans, written from their text: "Semantic conventions for generative client AI spans" of v1.41 and
its successor, and "HTTP server" of "HTTP spans". Knows nothing of the code that it checks.
"""

from collections.abc import Callable
from typing import Any, Final

from tests.support.otlp import Span

OPERATIONS: Final = {
    "chat", "create_agent", "embeddings", "execute_tool", "generate_content", "invoke_agent", "invoke_workflow", "retrieval",
    "text_completion",
}  # fmt: skip
OUTPUTS: Final = {"image", "json", "speech", "text"}
METHODS: Final = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY", "_OTHER"}
_HTTP_ERROR: Final = 400
_SERVER_ERROR: Final = 500

Types = Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(one) for one in value)


GEN_AI: Final[dict[str, Types]] = {
    "gen_ai.operation.name": lambda value: value in OPERATIONS,
    "gen_ai.provider.name": _is_text,
    "gen_ai.conversation.id": _is_text,
    "gen_ai.output.type": lambda value: value in OUTPUTS,
    "gen_ai.prompt.name": _is_text,
    "gen_ai.request.choice.count": lambda value: _is_whole(value) and value != 1,
    "gen_ai.request.model": _is_text,
    "gen_ai.request.seed": _is_whole,
    "gen_ai.request.stream": lambda value: isinstance(value, bool),
    "gen_ai.request.frequency_penalty": _is_number,
    "gen_ai.request.max_tokens": _is_whole,
    "gen_ai.request.presence_penalty": _is_number,
    "gen_ai.request.temperature": _is_number,
    "gen_ai.request.top_k": _is_number,
    "gen_ai.request.top_p": _is_number,
    "gen_ai.response.finish_reasons": _is_texts,
    "gen_ai.response.id": _is_text,
    "gen_ai.response.model": _is_text,
    "gen_ai.response.time_to_first_chunk": _is_number,
    "gen_ai.usage.cache_creation.input_tokens": _is_whole,
    "gen_ai.usage.cache_read.input_tokens": _is_whole,
    "gen_ai.usage.input_tokens": _is_whole,
    "gen_ai.usage.output_tokens": _is_whole,
    "gen_ai.usage.reasoning.output_tokens": _is_whole,
}
LATER: Final = {
    **{name: check for name, check in GEN_AI.items() if "cache_creation" not in name},
    "gen_ai.usage.cache_write.input_tokens": _is_whole,
    "gen_ai.prompt.version": _is_text,
}
EVALUATION: Final[dict[str, Types]] = {
    "gen_ai.evaluation.name": _is_text,
    "gen_ai.evaluation.score.value": _is_number,
    "gen_ai.evaluation.score.label": _is_text,
    "gen_ai.evaluation.explanation": _is_text,
    "gen_ai.response.id": _is_text,
}


def faults(spans: list[Span], known: dict[str, Types] = GEN_AI) -> list[str]:
    """What is against the conventions, in words; nothing if all is well."""
    return [f"{span.name}: {fault}" for span in spans for fault in _of(span, known)]


def _of(span: Span, known: dict[str, Types]) -> list[str]:
    told = span.attributes
    found = []
    if span.end < span.start:
        found.append("ends before it starts")
    if span.error and not _is_text(told.get("error.type")):
        found.append("`error.type` is required where it ended in an error")
    if span.kind == "SERVER":
        found += _server(span)
    if span.name == "gen_ai.evaluation.result":
        known = EVALUATION
        found += [] if "gen_ai.evaluation.name" in told else ["`gen_ai.evaluation.name` is required"]
    elif "gen_ai.operation.name" in told:
        found += _client(span)
    elif any(name.startswith(("gen_ai.", "llm.")) for name in told):
        found.append("speaks of a model and is no call to one")
    for name, value in told.items():
        if name.startswith("gen_ai.") and name not in known:
            found.append(f"`{name}` is none of the convention's")
        elif name in known and not known[name](value):
            found.append(f"`{name}` cannot be {value!r}")
    return found


def _client(span: Span) -> list[str]:
    told = span.attributes
    found = [
        f"`{name}` is required" for name in ("gen_ai.operation.name", "gen_ai.provider.name") if not told.get(name)
    ]
    if span.name != f"{told.get('gen_ai.operation.name')} {told.get('gen_ai.request.model')}":
        found.append("its name is operation and model")
    if span.kind != "CLIENT":
        found.append("its kind is CLIENT")
    if "server.address" in told and "server.port" not in told:
        found.append("`server.port` is required beside `server.address`")
    if "gen_ai.response.time_to_first_chunk" in told and not told.get("gen_ai.request.stream"):
        found.append("a first chunk is of streams alone")
    cached = told.get("gen_ai.usage.cache_read.input_tokens", 0)
    if cached > told.get("gen_ai.usage.input_tokens", cached):
        found.append("input tokens include those from a cache")
    return found


def _server(span: Span) -> list[str]:
    told = span.attributes
    names = ("http.request.method", "url.path", "url.scheme", "http.response.status_code", "http.route")
    found = [f"`{name}` is required" for name in names if name not in told]
    if found:
        return found
    if told["http.request.method"] not in METHODS:
        found.append("an unknown method is `_OTHER`")
    if span.name != f"{told['http.request.method']} {told['http.route']}":
        found.append("its name is method and route")
    status = told["http.response.status_code"]
    if _HTTP_ERROR <= status < _SERVER_ERROR and span.error:
        found.append("4xx is no error of a server")
    if status >= _SERVER_ERROR and not span.error:
        found.append("5xx is an error")
    return found
