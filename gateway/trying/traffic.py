"""Requests that came once, to be judged again: a file of JSON lines, and what is wrong with each line of it. No text is quoted.

    {"id": "req-7", "surface": "chat", "team": "support", "request": {"model": …, "messages": …}, "answer": {…}}

`request` alone is needed; a bare request body is a line too. `answer` is the body of the answer, the list of a stream's events, or
the text that the model said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.config.mistakes import ConfigError, Mistake, nearest, shortened
from gateway.policy.coverage import STREAMED, SURFACES
from gateway.policy.structs import Surface
from gateway.trying.asking import MODEL

Answer = dict[str, Any] | list[dict[str, Any]] | str | None

PATHS: Final[dict[Surface, str]] = {
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "count_tokens": "/v1/messages/count_tokens",
    "embeddings": "/v1/embeddings",
    "moderations": "/v1/moderations",
    "rerank": "/v1/rerank",
}
"""What can be judged: requests that are JSON."""
_SURFACES: Final = {path: surface for surface, path in PATHS.items()}
_ZONES: Final = ("internal", "external")
_BODIES: Final = frozenset({"messages", "input", "prompt", "query"})
"""One of them is in every request body."""
_MOST_NAMED: Final = 50


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One request. `number` counts from 1; `zones` are those of the targets, where the line says so."""

    number: int
    id: str
    surface: Surface
    request: Mapping[str, Any]
    answer: Answer = None
    key: str = ""
    team: str | None = None
    tags: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return str(self.request["model"])


def read_traffic(path: Path, raw: bytes) -> list[Line]:
    """Raises `ConfigError` with every mistake, each with its line; after fifty it stops looking."""
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    for number, one in enumerate(raw.splitlines(), start=1):
        if not one.strip():
            continue
        try:
            lines.append(line_of(number, one))
        except _Wrong as wrong:
            mistakes.append(Mistake(str(path), number, 0, wrong.key, wrong.message, wrong.suggestion))
            if len(mistakes) == _MOST_NAMED:
                break
    if not lines and not mistakes:
        mistakes = [Mistake(str(path), 0, 0, "", "has no requests in it; write one JSON object on each line")]
    if mistakes:
        raise ConfigError(mistakes)
    return lines


def read_one(path: Path, raw: bytes, number: int | None) -> Line:
    """The request of this line; without a number the only one there is, which may be written over many lines."""
    try:
        if number is None and isinstance(msgspec.json.decode(raw), dict):
            return line_of(1, raw)
    except msgspec.DecodeError:
        pass
    except _Wrong as wrong:
        raise ConfigError([Mistake(str(path), 0, 0, wrong.key, wrong.message, wrong.suggestion)]) from None
    lines = read_traffic(path, raw)
    if number is None and len(lines) == 1:
        return lines[0]
    for one in lines:
        if one.number == number:
            return one
    message = (
        f"has {len(lines)} requests in it; say which by `--line`"
        if number is None
        else f"has no request on line {number}"
    )
    raise ConfigError([Mistake(str(path), 0, 0, "", message)])


def answered(line: Line, path: Path, raw: bytes) -> Line:
    """The line with the answer of a file: one body, a list of events, or events on lines of their own. Raises `ConfigError`."""
    try:
        found = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        try:
            found = msgspec.json.Decoder().decode_lines(raw)
        except msgspec.DecodeError:
            message = "is no JSON; write the body of an answer, or the events of a stream one on each line"
            raise ConfigError([Mistake(str(path), 0, 0, "", message)]) from None
    try:
        answer = _answer({"answer": found})
        _fits(line.surface, answer)
        return replace(line, answer=answer, request={**line.request, **_form(line.request, answer)})
    except _Wrong as wrong:
        raise ConfigError([Mistake(str(path), 0, 0, wrong.key, wrong.message)]) from None


class _Wrong(Exception):
    def __init__(self, key: str, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.message = message
        self.suggestion = suggestion


def line_of(number: int, raw: bytes) -> Line:
    """Raises `_Wrong`."""
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Wrong("", "is no JSON; write one object on one line") from None
    if not isinstance(data, dict):
        raise _Wrong("", 'is no object; write {"request": {…}} or the body of a request')
    if "request" not in data and not _BODIES.isdisjoint(data):
        data = {"request": data}
    for place, name in enumerate(data, start=1):
        if name not in _FIELDS:
            known = ", ".join(f"`{one}`" for one in _FIELDS)
            raise _Wrong("", f"field {place} is none of a line, which has {known}", nearest(name, _FIELDS))
    said = {name: read(data) for name, read in _FIELDS.items()}
    body: dict[str, Any] = said["request"]
    surface = _surface(said["surface"], said["path"], body)
    answer: Answer = said["answer"]
    _fits(surface, answer)
    model = said["model"] or body.get("model") or MODEL
    if not isinstance(model, str):
        raise _Wrong("request.model", "must be a string")
    return Line(
        number=number,
        id=said["id"],
        surface=surface,
        request={**body, "model": model, **_form(body, answer)},
        answer=answer,
        key=said["key"] or "",
        team=said["team"],
        tags=frozenset(said["tags"]),
        zones=frozenset(said["zones"]),
        headers=said["headers"],
    )


def _fits(surface: Surface, answer: Answer) -> None:
    if isinstance(answer, list) and surface not in STREAMED:
        raise _Wrong("answer", f"is a list of events, but {surface} has no streams; write the body of the answer")


def _form(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """Streamed is what came as a stream."""
    if isinstance(answer, list):
        return {"stream": True}
    return {"stream": False} if "stream" in body else {}


def _surface(surface: str | None, path: str | None, body: Mapping[str, Any]) -> Surface:
    said = None if path is None else _SURFACES.get(path.partition("?")[0].rstrip("/"))
    if path is not None and said is None:
        raise _Wrong("path", f"cannot be judged; paths are {', '.join(_SURFACES)}", nearest(path, _SURFACES))
    if surface is None:
        return said or _guessed(body)
    found = next((one for one in PATHS if one == surface), None)
    if found is None:
        if surface in SURFACES:
            raise _Wrong("surface", f"{surface} cannot be judged: it takes uploads, or answers with no text")
        raise _Wrong("surface", f"is none of {', '.join(PATHS)}", nearest(surface, PATHS))
    if said is not None and said != found:
        raise _Wrong("path", f"is that of {said}, but `surface` says {found}; leave one of them out")
    return found


def _guessed(body: Mapping[str, Any]) -> Surface:
    """By the fields that only one API has."""
    for fields, surface in _TELLING:
        if fields <= body.keys():
            return surface
    names = ", ".join(f"`{name}`" for name in sorted(_BODIES))
    raise _Wrong("request", f"has none of {names}, so it is the body of no request that can be judged")


_TELLING: Final[Sequence[tuple[frozenset[str], Surface]]] = (
    (frozenset({"messages", "max_tokens", "system"}), "messages"),
    (frozenset({"messages", "anthropic_version"}), "messages"),
    (frozenset({"messages", "stop_sequences"}), "messages"),
    (frozenset({"messages"}), "chat"),
    (frozenset({"query", "documents"}), "rerank"),
    (frozenset({"input"}), "responses"),
    (frozenset({"prompt"}), "completions"),
)


def _text(name: str) -> Callable[[Mapping[str, Any]], str | None]:
    def read(data: Mapping[str, Any]) -> str | None:
        found = data.get(name)
        if found is not None and not isinstance(found, str):
            raise _Wrong(name, "must be a string")
        return found

    return read


def _id(data: Mapping[str, Any]) -> str:
    found = data.get("id", "")
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise _Wrong("id", "must be a string or a number")
    text = shortened(str(found))
    if not text.isprintable():
        raise _Wrong("id", "holds what cannot be printed")
    return text


def _tags(data: Mapping[str, Any]) -> list[str]:
    found = data.get("tags") or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _Wrong("tags", "must be a list of strings")
    return found


def _zones(data: Mapping[str, Any]) -> list[str]:
    found = data.get("zones") or []
    if not isinstance(found, list) or not all(one in _ZONES for one in found):
        raise _Wrong("zones", f"must be a list of {' and '.join(_ZONES)}")
    return found


def _headers(data: Mapping[str, Any]) -> dict[str, str]:
    found = data.get("headers") or {}
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise _Wrong("headers", "must be an object of strings")
    lowered = {name.lower(): one for name, one in found.items()}
    if not all(_is_header(name) and _is_header(one) for name, one in lowered.items()):
        raise _Wrong("headers", "holds what no header can hold; leave that one out")
    return {name: one for name, one in lowered.items() if name not in _NOT_THEIRS}


def _is_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


_NOT_THEIRS: Final = frozenset({"host", "content-length", "content-type", "content-encoding", "transfer-encoding"})
"""Of the connection that there was, or of a body that is written anew."""


def _request(data: Mapping[str, Any]) -> dict[str, Any]:
    found = data.get("request")
    if not isinstance(found, dict):
        raise _Wrong("request", "must be there, as an object: the body of a request")
    return found


def _answer(data: Mapping[str, Any]) -> Answer:
    found = data.get("answer")
    if found is None or isinstance(found, dict | str):
        return found
    if isinstance(found, list) and all(isinstance(one, dict) for one in found):
        return found
    raise _Wrong("answer", "must be the body of an answer, a list of the events of a stream, or a text")


_FIELDS: Final[dict[str, Callable[[Mapping[str, Any]], Any]]] = {
    "id": _id,
    "surface": _text("surface"),
    "path": _text("path"),
    "key": _text("key"),
    "team": _text("team"),
    "model": _text("model"),
    "tags": _tags,
    "zones": _zones,
    "headers": _headers,
    "request": _request,
    "answer": _answer,
}
