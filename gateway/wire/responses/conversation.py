"""A conversation kept for `previous_response_id`, for upstreams that keep none: what is stored, and how it goes on. Pure.

Instructions are not carried over: each request brings its own or has none.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from gateway.errors import GatewayError
from gateway.wire.neutral import Answer, Message, Opaque, Request
from gateway.wire.responses.parts import NAME
from gateway.wire.responses.turns import write_items

_PREVIOUS: Final = "previous_response_id"


class Conversation(msgspec.Struct, kw_only=True):
    """`messages`: all that was said before the answer, without instructions. `response`: the object as the caller got it."""

    messages: list[Message]
    answer: Message
    response: dict[str, Any]


# JSON, as it all came as JSON: MessagePack has no place for its larger integers.
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Conversation)


def wants_keeping(request: Request) -> bool:
    """The API stores unless it is told not to."""
    return request.echo.get("store") is not False


def previous_id(body: Mapping[str, Any]) -> str | None:
    """The response that a request goes on from."""
    value = body.get(_PREVIOUS)
    if value is None or isinstance(value, str):
        return value
    raise GatewayError("invalid_request", f"{_PREVIOUS}: expected a string", param=_PREVIOUS)


def not_kept() -> GatewayError:
    """The answer to an id of which nothing is kept for this caller; with the status that the vendor gives."""
    return GatewayError(
        "not_found",
        f"{_PREVIOUS}: no response with this id is kept for you. It may be too old, deleted, or made with store: false; "
        "send the whole conversation as input.",
        param=_PREVIOUS,
        status=400,
    )


def continued(conversation: Conversation, request: Request) -> Request:
    """The request with all that was said before it: its own instructions, the conversation, its own input."""
    own = 1 if request.echo.get("instructions") and request.messages else 0
    said = [conversation.answer] if conversation.answer.parts else []
    return replace(
        request,
        messages=[*request.messages[:own], *conversation.messages, *said, *request.messages[own:]],
        extras={name: value for name, value in request.extras.items() if name != _PREVIOUS},
    )


def kept(request: Request, answer: Answer, response: dict[str, Any]) -> Conversation:
    """What to store of an exchange. `request` is the whole one, as `continued` gave it; `answer` folded with its origin."""
    own = 1 if request.echo.get("instructions") else 0
    parts = answer.choices[0].parts if answer.choices else []
    return Conversation(
        messages=request.messages[own:], answer=Message(role="assistant", parts=parts), response=response
    )


def encode(conversation: Conversation) -> bytes:
    return _encoder.encode(conversation)


def decode(stored: bytes) -> Conversation:
    return _decoder.decode(stored)


def input_items(
    conversation: Conversation, *, after: str | None = None, limit: int = 20, order: Literal["asc", "desc"] = "desc"
) -> dict[str, Any]:
    """A page of `GET /v1/responses/{id}/input_items`. An `after` that is not there gives an empty page."""
    response_id = str(conversation.response.get("id"))
    items = [
        _listed(item, f"{response_id}/{index}")
        for index, item in enumerate(write_items(_ours(conversation), native=True))
    ]
    if order == "desc":
        items.reverse()
    if after is not None:
        place = next((index for index, item in enumerate(items) if item["id"] == after), len(items))
        items = items[place + 1 :]
    page = items[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(items) > len(page),
    }


def _ours(conversation: Conversation) -> list[Message]:
    """Without blocks that only the upstream's dialect has a form for."""
    return [
        replace(turn, parts=[part for part in turn.parts if not isinstance(part, Opaque) or part.dialect == NAME])
        for turn in conversation.messages
    ]


_PREFIXES: Final = {"message": "msg", "function_call": "fc", "custom_tool_call": "ctc", "reasoning": "rs"}


def _listed(item: dict[str, Any], place: str) -> dict[str, Any]:
    """The item as the API lists it: with an id, a status, and content that is always a list."""
    prefix = _PREFIXES.get(str(item.get("type")), "item")
    digest = hashlib.blake2b(place.encode(), digest_size=12).hexdigest()
    listed = {"id": f"{prefix}_{digest}", "status": "completed", **item}
    if isinstance(content := item.get("content"), str):
        kind = "output_text" if item.get("role") == "assistant" else "input_text"
        text = {"type": kind, "text": content}
        listed["content"] = [{**text, "annotations": []} if kind == "output_text" else text]
    return listed
