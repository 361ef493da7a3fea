"""Responses kept by the gateway itself, for `previous_response_id` and `GET /v1/responses/{id}` where the upstream keeps none."""

import re
from collections.abc import Callable
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.store.conversations import Conversations
from gateway.wire import frames as wire
from gateway.wire.frames import Frame
from gateway.wire.neutral import Answer, Request
from gateway.wire.responses.conversation import Conversation, decode, encode, input_items, kept

_PATH: Final = re.compile(r"/responses/([^/?]+)(/input_items|/cancel)?")
_LONGEST_PAGE: Final = 100


class KeptResponses:
    """`clock` gives seconds that never run backwards. What is kept is seen by its owner alone."""

    def __init__(self, conversations: Conversations, clock: Callable[[], float]) -> None:
        self._conversations = conversations
        self._clock = clock

    def get(self, owner: str, response_id: str) -> Conversation | None:
        stored = self._conversations.get(owner, response_id, self._clock())
        return None if stored is None else decode(stored)

    def keep(self, owner: str, request: Request, answer: Answer, response: dict[str, Any]) -> None:
        held = encode(kept(request, answer, response))
        self._conversations.put(owner, str(response.get("id")), held, self._clock())

    def answer(self, x: Exchange) -> Frame | None:
        """The answer to an operation on a response that is kept here; None for everything else.

        Raises `invalid_request` for what only an answer in the background has.
        """
        match = _PATH.match(x.target_path)
        if match is None or x.principal is None:
            return None
        response_id, operation = match.groups()
        conversation = self.get(x.principal.id, response_id)
        if conversation is None:
            return None
        if x.method == "DELETE":
            self._conversations.delete(x.principal.id, response_id, self._clock())
            return wire.body({"id": response_id, "object": "response", "deleted": True})
        if operation == "/input_items":
            return wire.body(_page(conversation, x.query))
        if operation == "/cancel":
            raise GatewayError("invalid_request", "Only a response in the background can be cancelled.")
        if x.streamed:
            raise GatewayError(
                "invalid_request", "Only a response in the background can be streamed again.", param="stream"
            )
        return wire.body(conversation.response)


def _page(conversation: Conversation, query: str) -> dict[str, Any]:
    asked = {name: values[0] for name, values in parse_qs(query.lstrip("?")).items()}
    limit = asked.get("limit", "20")
    order: Literal["asc", "desc"] = "asc" if asked.get("order") == "asc" else "desc"
    size = min(max(int(limit), 1), _LONGEST_PAGE) if limit.isdecimal() else 20
    return input_items(conversation, after=asked.get("after"), limit=size, order=order)
