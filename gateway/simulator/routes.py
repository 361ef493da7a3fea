"""Which endpoint a path means. Any prefix may stand before it, because vendors differ there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulator import chat, messages, responses
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
    """Whose errors and headers apply: the path says it, or for shared paths the version header."""
    return "anthropic" if "/messages" in path or "anthropic-version" in headers else "openai"
