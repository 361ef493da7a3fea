"""A conversation kept for `previous_response_id`, for upstreams that keep none: what is stored, and how it goes on. Pure.

It is kept as the caller has it: what it sent, and what it was answered. So the next request is the whole conversation, put together as
if the caller had sent all of it again, and is treated like any other. Instructions are not carried over: each request brings its
own or has none.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from gateway.errors import GatewayError
from gateway.wire.fields import Fields
from gateway.wire.responses.turns import read_input, write_items

PREVIOUS: Final = "previous_response_id"
_SAID: Final = frozenset({"message", "function_call", "custom_tool_call", "reasoning"})
"""Items of an answer that any upstream can be told again."""


class Conversation(msgspec.Struct, kw_only=True):
    """`input`: all that was said before the answer, without instructions. `response`: the object as the caller got it."""

    input: list[Any]
    response: dict[str, Any]


# JSON, as it all came as JSON: MessagePack has no place for its larger integers.
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Conversation)


def wants_keeping(body: Mapping[str, Any]) -> bool:
    """The API stores unless it is told not to."""
    return body.get("store") is not False


def previous_id(body: Mapping[str, Any]) -> str | None:
    """The response that a request goes on from."""
    value = body.get(PREVIOUS)
    if value is None or isinstance(value, str):
        return value
    raise GatewayError("invalid_request", f"{PREVIOUS}: expected a string", param=PREVIOUS)


def not_kept() -> GatewayError:
    """The answer to an id of which nothing is kept for this caller; with the status that the vendor gives."""
    return GatewayError(
        "not_found",
        f"{PREVIOUS}: no response with this id is kept for you. It may be too old, deleted, or made with store: false; "
        "send the whole conversation as input.",
        param=PREVIOUS,
        status=400,
    )


def continued(conversation: Conversation, body: dict[str, Any]) -> dict[str, Any]:
    """The request with all that was said before it as its input. An input of the wrong type is left to whoever reads it."""
    own = items(body.get("input"))
    if own is None:
        return body
    output = conversation.response.get("output")
    said = [_told_again(one) for one in output if _is_said(one)] if isinstance(output, list) else []
    rest = {name: value for name, value in body.items() if name != PREVIOUS}
    return {**rest, "input": [*conversation.input, *said, *own]}


def items(value: Any) -> list[Any] | None:
    """An input as a list of items; None for what is no input."""
    if value is None or isinstance(value, str):
        return [{"role": "user", "content": value}] if value is not None else []
    return value if isinstance(value, list) else None


def kept(body: Mapping[str, Any], response: dict[str, Any]) -> Conversation:
    """What to store of an exchange. `body` is the whole request, as `continued` gave it."""
    return Conversation(input=items(body.get("input")) or [], response=response)


def encode(conversation: Conversation) -> bytes:
    return _encoder.encode(conversation)


def decode(stored: bytes) -> Conversation | None:
    """None for what another version of the gateway has kept in a form of its own."""
    try:
        return _decoder.decode(stored)
    except msgspec.DecodeError:
        return None


def input_items(
    conversation: Conversation, *, after: str | None = None, limit: int = 20, order: Literal["asc", "desc"] = "desc"
) -> dict[str, Any]:
    """A page of `GET /v1/responses/{id}/input_items`. An `after` that is not there gives an empty page."""
    response_id = str(conversation.response.get("id"))
    said = write_items(read_input(Fields({"input": conversation.input})), native=True)
    listed = [_listed(item, f"{response_id}/{index}") for index, item in enumerate(said)]
    if order == "desc":
        listed.reverse()
    if after is not None:
        place = next((index for index, item in enumerate(listed) if item["id"] == after), len(listed))
        listed = listed[place + 1 :]
    page = listed[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(listed) > len(page),
    }


def _is_said(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") in _SAID


def _told_again(item: dict[str, Any]) -> dict[str, Any]:
    """Without what only told about tokens."""
    if not isinstance(content := item.get("content"), list):
        return item
    return {**item, "content": [_without_tokens(part) if isinstance(part, dict) else part for part in content]}


def _without_tokens(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "logprobs"}


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
