"""Which endpoint a path means. Any prefix may stand before it, because vendors differ there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulator import chat, completions, embeddings, files, messages, responses, small
from gateway.simulator.errors import Family, RefusalError
from gateway.simulator.outcome import Outcome, unary
from gateway.simulator.request import Request


@dataclass(frozen=True, slots=True)
class Handler:
    """How one endpoint answers; `model` says that the body must name one."""

    answer: Callable[[Request], Outcome]
    model: bool = True


def _health(_: Request) -> Outcome:
    return unary({"status": "ok"})


_ENDPOINTS: Final[list[tuple[str, str, Handler]]] = [
    ("POST", "chat/completions", Handler(chat.answer)),
    ("POST", "messages", Handler(messages.answer)),
    ("POST", "messages/count_tokens", Handler(messages.count_tokens)),
    ("POST", "responses", Handler(responses.answer)),
    ("POST", "responses/input_tokens", Handler(responses.count)),
    ("GET", "responses/([^/]+)", Handler(responses.fetch, model=False)),
    ("DELETE", "responses/([^/]+)", Handler(responses.delete, model=False)),
    ("POST", "responses/([^/]+)/cancel", Handler(responses.cancel, model=False)),
    ("GET", "responses/([^/]+)/input_items", Handler(responses.input_items, model=False)),
    ("POST", "completions", Handler(completions.answer)),
    ("POST", "embeddings", Handler(embeddings.answer)),
    ("POST", "rerank", Handler(embeddings.rerank)),
    ("POST", "moderations", Handler(small.moderations, model=False)),
    ("GET", "models", Handler(small.models, model=False)),
    ("GET", "models/(.+)", Handler(small.model, model=False)),
    ("POST", "images/(generations|edits|variations)", Handler(small.images, model=False)),
    ("POST", "audio/speech", Handler(small.speech)),
    ("POST", "audio/(transcriptions|translations)", Handler(small.transcription)),
    ("POST", "files", Handler(files.upload, model=False)),
    ("GET", "files", Handler(files.listed, model=False)),
    ("GET", "files/([^/]+)", Handler(files.fetch, model=False)),
    ("DELETE", "files/([^/]+)", Handler(files.delete, model=False)),
    ("GET", "files/([^/]+)/content", Handler(files.content, model=False)),
    ("POST", "batches", Handler(files.batch, model=False)),
    ("GET", "batches", Handler(files.batches, model=False)),
    ("GET", "batches/([^/]+)", Handler(files.fetch_batch, model=False)),
    ("POST", "batches/([^/]+)/cancel", Handler(files.cancel_batch, model=False)),
    ("GET", "health", Handler(_health, model=False)),
]

_ROUTES: Final = [(method, re.compile(rf"(?:/.*?)?/{tail}/?"), handler) for method, tail, handler in _ENDPOINTS]


def route(request: Request) -> Handler:
    """The handler of a request; its `argument` becomes the id in the path, if there is one."""
    known = False
    for method, path, handler in _ROUTES:
        found = path.fullmatch(request.path)
        if found and method == request.method:
            request.argument = found.group(1) if found.groups() else ""
            return handler
        known = known or found is not None
    if known:
        raise RefusalError("method_not_allowed", f"{request.method} is not allowed here.")
    raise RefusalError("not_found", f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")


def family_of(path: str, headers: Mapping[str, str]) -> Family:
    """Whose errors and headers apply: the path says it, and the version header where both families share a path."""
    if "/messages" in path:
        return "anthropic"
    return "anthropic" if "/models" in path and "anthropic-version" in headers else "openai"
