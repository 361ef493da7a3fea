"""What a library that speaks for many providers may be told, and what of its answers is passed on. Pure: no library is named here.

Such a library takes its own switches (keys, addresses, retries, fallbacks, mock answers) as arguments beside those of the
API. A caller's body must never reach one of them, so only the fields listed here go along.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.upstream.http import Outbound

_CHAT: Final = frozenset(
    {
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "min_p",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    }
)
_ALLOWED: Final = {"chat": _CHAT, "embeddings": frozenset({"input", "dimensions", "encoding_format", "user"})}
_LABELS: Final = frozenset({"metadata", "prompt_cache_retention", "model"})
"""Left out without a word: they change no answer, or are set here."""

_WORDS: Final = frozenset(
    {"arguments", "content", "data", "description", "input", "name", "reasoning", "reasoning_content", "refusal"}
    | {"signature", "text", "thinking"}
)
"""Fields of a message whose text is for the model. Everything else that looks like an address may be fetched by the library."""


def arguments(outbound: Outbound, body: dict[str, Any]) -> dict[str, Any]:
    """The caller's part of the arguments. Raises `GatewayError` naming the first field that must not or cannot go along."""
    allowed = _ALLOWED.get(outbound.dialect.name)
    if allowed is None:
        raise GatewayError("unsupported_parameter", f"This provider cannot be asked for {outbound.dialect.name}.")
    said = {name: value for name, value in body.items() if value is not None and name not in _LABELS}
    for name in said:
        if name not in allowed:
            raise GatewayError(
                "unsupported_parameter", f"This provider cannot be told `{name}`; leave it out.", param=name
            )
    if "://" in str(body.get("model", "")):
        raise GatewayError("invalid_request", "A model of this provider has a name, not an address.", param="model")
    _check_shape(outbound, said)
    return said


def _check_shape(outbound: Outbound, said: dict[str, Any]) -> None:
    """Wrong types are the caller's fault. Inside the library they would look like a failure of the provider."""
    if outbound.dialect.read_request is not None:
        outbound.dialect.read_request({**said, "model": ""})
    elif not isinstance(said.get("input"), str | list):
        raise GatewayError("invalid_request", "`input` must be a string or a list.", param="input")
    for index, message in enumerate(said.get("messages", ())):
        for field, text in _strings(message, ""):
            if field == "file_id" or (field not in _WORDS and "://" in text):
                raise GatewayError(
                    "unsupported_parameter",
                    "What this message refers to is not fetched for this provider; send the content itself (`data:`).",
                    param=f"messages.{index}",
                )


def _strings(value: Any, field: str) -> Iterator[tuple[str, str]]:
    """All strings in `value` with the name of the innermost field that holds them."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for name, held in value.items():
            yield from _strings(held, name)
    elif isinstance(value, list):
        for held in value:
            yield from _strings(held, field)


# --- answers ---------------------------------------------------------------------------------------------------------


def whole(value: dict[str, Any]) -> dict[str, Any]:
    """A unary answer as the API writes it."""
    for choice in value.get("choices", ()):
        _drop_hollow(choice)
        message = choice.get("message")
        if isinstance(message, dict):
            _drop_hollow(message)
            if not message.get("annotations", True):
                del message["annotations"]
            message.setdefault("content", None)
    return value


def _drop_hollow(holder: dict[str, Any]) -> None:
    """The library's own box for what it has no field for, where there is nothing in it."""
    box = holder.get("provider_specific_fields")
    if isinstance(box, dict) and not any(box.values()):
        del holder["provider_specific_fields"]


class Chunks:
    """Makes the chunks of one stream what the API sends: a reason to finish for every choice, then the usage with no choice.

    `told`: the reasons that the provider itself gave, by choice, where there is more than one choice; the library keeps
    only one of them, and gives it to the first choice.
    """

    def __init__(self, told: dict[int, str] | None) -> None:
        self._told = told
        self._open: set[int] = set()
        self._finished = False
        self._usage: dict[str, Any] | None = None
        self._head: dict[str, Any] = {}

    def feed(self, value: dict[str, Any]) -> dict[str, Any] | None:
        """The chunk to send on, or None for one that says nothing yet."""
        self._head = {name: value[name] for name in ("id", "created", "model", "object") if name in value}
        if isinstance(usage := value.pop("usage", None), dict):
            self._usage = usage
        _drop_hollow(value)
        kept = [choice for choice in value.get("choices", ()) if self._keeps(choice)]
        return {**value, "choices": kept} if kept else None

    def _keeps(self, choice: dict[str, Any]) -> bool:
        delta = choice.setdefault("delta", {})
        _drop_hollow(delta)
        reason = choice.setdefault("finish_reason", None)
        if self._told and reason is not None:
            choice["finish_reason"] = None
            return bool(delta)
        index = choice.get("index", 0)
        if reason is not None:
            self._finish(index)
        elif delta:
            self._open.add(index)
        return bool(delta) or reason is not None

    def rest(self, reported: bool) -> list[dict[str, Any]]:
        """What stands before the end. `reported`: the provider counted its tokens; otherwise the library invented the count."""
        rest = []
        for index, reason in sorted((self._told or {}).items()):
            self._finish(index)
            rest.append({**self._head, "choices": [{"index": index, "delta": {}, "finish_reason": reason}]})
        if self._usage is not None and reported:
            rest.append({**self._head, "choices": [], "usage": self._usage})
        return rest

    def _finish(self, index: int) -> None:
        self._finished = True
        self._open.discard(index)

    @property
    def complete(self) -> bool:
        """After `rest`: a choice has finished, and so has every one that began."""
        return self._finished and not self._open


# --- errors ----------------------------------------------------------------------------------------------------------

_NEUTRAL: Final = {
    "upstream_auth_failed": "The upstream refused the credentials this gateway has for it; its operator must mend them.",
    "rate_limited": "The upstream limits the rate of requests.",
    "context_length_exceeded": "The input is longer than the model can take.",
    "content_filter": "The provider's filter refused the request.",
    "model_not_found": "The provider does not know the model.",
    "unsupported_parameter": "The provider cannot be told a parameter of this request.",
    "invalid_request": "The provider refused the request as wrong.",
}
_PREFIXES: Final = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?:: | - ))+")


def discreet(told: GatewayError, secrets: Iterable[str]) -> GatewayError:
    """Words of a provider reach a caller only where they are about the caller's request and hold none of `secrets`."""
    about_caller = told.kind.blame == "caller" and told.code != "rate_limited"
    if about_caller and told.message and not any(one in told.message for one in secrets if len(one) >= 4):
        return told
    return GatewayError(told.code, _NEUTRAL.get(told.code, "The upstream could not answer."), status=told.status)


def plain_message(text: str) -> str:
    """Without the class names in front and the hints for programmers behind."""
    return re.split(r"\n| To drop ", _PREFIXES.sub("", text), maxsplit=1)[0].strip()
