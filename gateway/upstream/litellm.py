"""Every provider without a row of its own (Bedrock, Vertex, Cohere, …): asked through litellm. The only file that knows it.

It takes two seconds and 175 MB to import, so it is loaded when a configured provider needs it, never on a request.
"""

import ast
import asyncio
import importlib
import logging
import os
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from gateway.config.structs import Limits
from gateway.errors import GatewayError
from gateway.routing.failure import Failure
from gateway.upstream.http import (
    AttemptFailed,
    Outbound,
    Progress,
    Take,
    Upstream,
    failure_kind,
    invalid,
    passed_headers,
    retry_after,
)
from gateway.upstream.library import Chunks, arguments, discreet, plain_message, whole
from gateway.wire import frames as wire
from gateway.wire.chat.errors import read_error

log = logging.getLogger("haechi")

T = TypeVar("T")

# Read at import: no price list from the network, no `.env` file, no image fetched for a caller.
_ENVIRONMENT: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "MAX_IMAGE_URL_DOWNLOAD_SIZE_MB": "0",
}
# No telemetry, no callbacks, nothing retried, dropped, rewritten, cached or counted behind our back.
_SETTINGS: Final[Mapping[str, Any]] = {
    "telemetry": False,
    "suppress_debug_info": True,
    "set_verbose": False,
    "turn_off_message_logging": True,
    "disable_streaming_logging": True,
    "disable_token_counter": True,
    "disable_hf_tokenizer_download": True,
    "drop_params": False,
    "modify_params": False,
    "num_retries": None,
    "fallbacks": None,
    "model_fallbacks": None,
    "cache": None,
    "use_litellm_proxy": False,
    "user_url_validation": True,
    "REPEATED_STREAMING_CHUNK_LIMIT": sys.maxsize,  # an answer may repeat itself
}
_CALLBACKS: Final = (
    "callbacks",
    "input_callback",
    "success_callback",
    "failure_callback",
    "_async_input_callback",
    "_async_success_callback",
    "_async_failure_callback",
)
_LOGGERS: Final = (
    "LiteLLM",
    "LiteLLM Router",
    "LiteLLM Proxy",
    "httpx",
    "httpcore",
    "openai",
    "botocore",
    "google.auth",
)
_LIBRARIES: Final = r"litellm|pydantic|openai|httpx"
_CREDENTIALS: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIALS")
_SLACK: Final = 5.0

_LOCAL: Final = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What litellm's own code raises besides its exception classes."""


def load() -> "Library":
    """Imports litellm with everything switched off that acts by itself. Slow: call it in a thread.

    Raises ValueError where the extra is not installed.
    """
    os.environ.update(_ENVIRONMENT)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.addFilter(_without_words)
    # What its authors should mend is no news to an operator.
    warnings.filterwarnings("ignore", module=_LIBRARIES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module("litellm")
            http = importlib.import_module("httpx")
            base = importlib.import_module("openai")
    except ModuleNotFoundError as error:
        raise ValueError(
            'a provider of kind `litellm` needs a library that is not installed: pip install "haechi[providers]"'
        ) from error
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).handlers.clear()
    for name, value in _SETTINGS.items():
        setattr(module, name, value)
    for name in _CALLBACKS:
        setattr(module, name, [])
    handler = importlib.import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler
    handler.single_connection_post_request = _never_again
    return Library(module, http, base)


async def _never_again(*_: Any, **__: Any) -> NoReturn:
    """In place of the second request that litellm sends, without a switch, after a lost connection: it could act twice."""
    raise sys.exception() or ConnectionError


def _without_words(record: logging.LogRecord) -> bool:
    """Its messages hold bodies and addresses: where one comes from is all that is kept."""
    record.msg, record.args = f"{record.module}:{record.lineno}", ()
    record.exc_info = record.exc_text = record.stack_info = None
    return True


class Library:
    """litellm, loaded. `ask` has the contract of `http.ask`."""

    def __init__(self, module: Any, http: Any, base: Any) -> None:
        self._module = module
        self._http = http
        self.raised: tuple[type[Exception], ...] = (base.OpenAIError, http.HTTPError, *_LOCAL)
        self._codes: dict[type[Exception], str] = {
            module.ContextWindowExceededError: "context_length_exceeded",
            module.ContentPolicyViolationError: "content_filter",
            module.AuthenticationError: "upstream_auth_failed",
            module.exceptions.PermissionDeniedError: "upstream_auth_failed",
            module.UnsupportedParamsError: "unsupported_parameter",
        }

    async def ask(self, upstream: Upstream, outbound: Outbound, limits: Limits, progress: Progress, take: Take) -> None:
        """Frames in the dialect of `outbound`, handed to `take`. Returns only where the answer was complete."""
        body = _body(outbound)
        said = {**arguments(outbound, body), **_ours(upstream, outbound, body)}
        patience = _Patience(self, upstream, progress)
        asked = self._module.acompletion if outbound.dialect.name == "chat" else self._module.aembedding
        answer = await patience.over(asked(**said))
        progress.headers = _headers(answer, outbound)
        if not outbound.streamed:
            frame = wire.body(whole(answer.model_dump(exclude_none=True)))
            if len(frame.raw) > limits.answer_bytes:
                raise invalid(f"its answer is larger than {limits.answer_bytes} bytes")
            await take([frame])
            return
        progress.form = "events"
        try:
            await self._stream(answer, body, patience, limits, take)
        finally:
            await answer.aclose()

    async def _stream(
        self, stream: Any, body: dict[str, Any], patience: "_Patience", limits: Limits, take: Take
    ) -> None:
        told = _overhear(stream) if (body.get("n") or 1) > 1 else None
        chunks = Chunks(told)
        while (chunk := await patience.over(anext(stream, None))) is not None:
            value = chunk.model_dump(exclude_none=True)
            if _invented(stream, value):
                break
            if (shown := chunks.feed(value)) is not None:
                frame = wire.event(shown)
                if len(frame.raw) > limits.event_bytes:
                    raise invalid(f"an event is larger than {limits.event_bytes} bytes")
                await take([frame])
        rest = chunks.rest(any(getattr(chunk, "usage", None) is not None for chunk in stream.chunks))
        if not chunks.complete:
            raise _cut()
        await take([*map(wire.event, rest), wire.done()])

    async def aclose(self) -> None:
        """Closes its connections and ends its tasks, for good: litellm keeps both for the whole process."""
        worker = importlib.import_module("litellm.litellm_core_utils.logging_worker").GLOBAL_LOGGING_WORKER
        await worker.flush()
        await worker.stop()
        await self._module.module_level_aclient.close()
        await self._module.close_litellm_async_clients()

    def failed(self, error: Exception, upstream: Upstream, *, streaming: bool) -> AttemptFailed:
        """What went wrong, by the classes and statuses in the chain of exceptions, never by words."""
        error = getattr(error, "original_exception", None) or error
        chain = list(_chain(error))
        log.warning("%s: litellm raised %s", upstream.name, " from ".join(type(one).__name__ for one in chain))
        if any(isinstance(one, self._http.TransportError) for one in chain):
            return self._broken(chain, streaming)
        status, headers, body = self._answered(chain)
        code = next((code for kind, code in self._codes.items() if isinstance(error, kind)), None)
        if status is None and code is None and isinstance(error, self._module.BadRequestError):
            code = "invalid_request"
        if status is None and code is None and not streaming:
            return invalid("litellm could not make the request or read the answer; the log has the kinds of errors")
        told = read_error(status or 502, body)
        if code is not None and code != told.code:
            told = GatewayError(code, plain_message(str(error)))
        told = discreet(told, _secrets(upstream))
        told.retry_after = retry_after(headers)
        if streaming and told.kind.blame != "caller":
            return AttemptFailed(Failure("stream_error", told.status, told.retry_after), told)
        return AttemptFailed(Failure(failure_kind(told, told.status), status, told.retry_after), told)

    def _broken(self, chain: list[BaseException], streaming: bool) -> AttemptFailed:
        """No whole answer came."""
        if any(isinstance(one, self._http.TimeoutException) for one in chain):
            return _late(streaming)
        if streaming or any(isinstance(one, self._http.ReadError | self._http.RemoteProtocolError) for one in chain):
            return _cut()
        refused = any(isinstance(one, ConnectionRefusedError) for one in chain)
        return AttemptFailed(
            Failure("connect", sent=not refused),
            GatewayError("upstream_unreachable", "The upstream cannot be reached."),
        )

    def _answered(self, chain: list[BaseException]) -> tuple[int | None, Mapping[str, str], bytes]:
        """Status, headers and body of the provider's own answer, which stands deepest; None where none is known."""
        status: int | None = None
        headers: Mapping[str, str] = {}
        body = b""
        for one in chain[1:]:
            if isinstance(number := getattr(one, "status_code", None), int) and number >= 400:
                status = number
            response = getattr(one, "response", None)
            if isinstance(response, self._http.Response) and response.status_code >= 400:
                status, headers = response.status_code, response.headers
            body = body or _json_of(one)
        return status, headers, body


class _Patience:
    """How long to wait: for the first token from the asking on, then for one silence at a time."""

    def __init__(self, library: Library, upstream: Upstream, progress: Progress) -> None:
        self._library = library
        self._upstream = upstream
        self._progress = progress
        self._late = asyncio.get_running_loop().time() + upstream.timeouts.first_token

    async def over(self, step: Awaitable[T]) -> T:
        """What `step` gives. Raises `AttemptFailed` where it takes too long or fails."""
        progress, timeouts = self._progress, self._upstream.timeouts
        silent = asyncio.get_running_loop().time() + timeouts.between_tokens
        clock = asyncio.timeout_at(silent if progress.heard or progress.begun else self._late)
        try:
            async with clock:
                return await step
        except self._library.raised as error:
            if clock.expired():
                raise _late(progress.heard or progress.begun) from None
            raise self._library.failed(error, self._upstream, streaming=progress.form == "events") from None


# --- asking ----------------------------------------------------------------------------------------------------------


def _body(outbound: Outbound) -> dict[str, Any]:
    if not isinstance(outbound.body, bytes):
        raise GatewayError("unsupported_parameter", "This provider takes JSON only.")
    body: dict[str, Any] = msgspec.json.decode(outbound.body)
    return body


def _ours(upstream: Upstream, outbound: Outbound, body: dict[str, Any]) -> dict[str, Any]:
    """The arguments that no caller sets. Without a key or an address litellm looks into its usual variables."""
    headers = dict(upstream.headers)
    if "traceparent" in outbound.headers:
        headers["traceparent"] = outbound.headers["traceparent"]
    said: dict[str, Any] = {
        "model": body.get("model", ""),
        "timeout": max(upstream.timeouts.first_token, upstream.timeouts.between_tokens) + _SLACK,  # ours come first
        "num_retries": 0,
        "max_retries": 0,
        "no-log": True,
    }
    if outbound.dialect.name == "chat":
        said["_skip_mcp_handler"] = True  # tools are the caller's to run
    if (key := headers.pop("authorization", None)) is not None:
        said["api_key"] = key.removeprefix("Bearer ")
    if upstream.base_url:
        said["api_base"] = upstream.base_url
    if headers:
        said["extra_headers"] = headers
    return said


# --- reading ---------------------------------------------------------------------------------------------------------


def _headers(answer: Any, outbound: Outbound) -> list[tuple[bytes, bytes]]:
    """Those of the provider that a caller's SDK reads, and the type of what is sent, which is ours."""
    kind = b"text/event-stream; charset=utf-8" if outbound.streamed else b"application/json"
    theirs = passed_headers(dict(getattr(answer, "_response_headers", None) or {}))
    return [(b"content-type", kind), *(pair for pair in theirs if pair[0] != b"content-type")]


def _finished(stream: Any) -> bool:
    """Whether the provider itself gave a reason to finish."""
    return (stream.received_finish_reason or stream.intermittent_finish_reason) is not None


def _invented(stream: Any, value: dict[str, Any]) -> bool:
    """A `stop` that nobody said: litellm writes one when a stream ends without any."""
    return not _finished(stream) and any(choice.get("finish_reason") for choice in value.get("choices", ()))


def _overhear(stream: Any) -> dict[int, str]:
    """Fills, while `stream` is read, with the reasons to finish as they come from the provider."""
    told: dict[int, str] = {}
    if hasattr(stream.completion_stream, "__aiter__"):
        stream.completion_stream = _Overheard(stream.completion_stream, told)
    return told


class _Overheard:
    """The provider's own stream on its way into litellm's."""

    def __init__(self, stream: Any, told: dict[int, str]) -> None:
        self._stream = stream
        self._pieces: AsyncIterator[Any] = aiter(stream)
        self._told = told

    def __aiter__(self) -> "_Overheard":
        return self

    async def __anext__(self) -> Any:
        piece = await anext(self._pieces)
        for choice in getattr(piece, "choices", None) or ():
            if isinstance(reason := getattr(choice, "finish_reason", None), str):
                self._told[choice.index] = reason
        return piece

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None) or getattr(self._stream, "close", None)
        if close is not None and (closing := close()) is not None:
            await closing


# --- failing ---------------------------------------------------------------------------------------------------------


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _json_of(error: BaseException) -> bytes:
    """The provider's error body where an exception still holds it: as an object, or as text, or as bytes written as text."""
    if isinstance(held := getattr(error, "body", None), dict):
        return msgspec.json.encode(held)
    text = str(error)
    try:
        raw = ast.literal_eval(text) if text.startswith("b'") else text.encode()
        return raw if isinstance(msgspec.json.decode(raw), dict) else b""
    except (msgspec.DecodeError, SyntaxError, ValueError, RecursionError):
        return b""


def _secrets(upstream: Upstream) -> list[str]:
    """Every credential that litellm may have used for this provider."""
    usual = [value for name, value in os.environ.items() if name.upper().endswith(_CREDENTIALS)]
    return [value.removeprefix("Bearer ") for value in (*upstream.headers.values(), *usual)]


def _late(begun: bool) -> AttemptFailed:
    if begun:
        return AttemptFailed(Failure("stalled"), GatewayError("stream_stalled", "The upstream fell silent."))
    return AttemptFailed(
        Failure("timeout_first_token"),
        GatewayError("upstream_timeout", "The upstream did not begin to answer in time."),
    )


def _cut() -> AttemptFailed:
    return AttemptFailed(
        Failure("cut"), GatewayError("stream_cut", "The upstream's answer ended before it was complete.")
    )
