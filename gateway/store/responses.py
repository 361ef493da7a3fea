"""Responses kept by the gateway itself, for `previous_response_id` and `GET /v1/responses/{id}` where the upstream keeps none."""

import re
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.store.shelf import Away
from gateway.store.vault import Vault
from gateway.wire import frames as wire
from gateway.wire.frames import Frame
from gateway.wire.responses.conversation import (
    PREVIOUS,
    Conversation,
    continued,
    decode,
    encode,
    input_items,
    kept,
    previous_id,
    wants_keeping,
)
from gateway.wire.sealed import SEALED

_WHAT: Final = "conversation"
_PATH: Final = re.compile(r"/responses/([^/?]+)(/input_items|/cancel)?")
_LONGEST_PAGE: Final = 100


class KeptResponses:
    """What is kept is seen by its owner alone. `seconds`: how long. An id that is sealed is a vendor's, and never kept here."""

    def __init__(self, vault: Vault, seconds: float) -> None:
        self._vault = vault
        self._seconds = seconds

    async def put_together(self, x: Exchange, owner: str) -> None:
        """Makes a request that goes on from a response kept here the whole conversation: `goes_on_from` says that it is one.

        Raises `store_away`.
        """
        if x.body is None:
            return
        previous = previous_id(x.body)
        if previous is not None and not SEALED.fullmatch(previous):
            found = await self._get(x, owner, previous, PREVIOUS)
            if found is not None:
                x.goes_on_from = previous
                x.body = continued(found, x.body)
        if wants_keeping(x.body):
            x.whole = x.body

    async def keep(self, x: Exchange, owner: str, response: Any) -> None:
        """The conversation with its answer, as the caller has both. Where that cannot be kept it is counted, and the caller has its answer."""
        if x.whole is None or not isinstance(response, dict) or not isinstance(response_id := response.get("id"), str):
            return
        try:
            is_kept = await self._vault.put(owner, _name(response_id), encode(kept(x.whole, response)), self._seconds)
        except Away:
            x.vault.append((_WHAT, "away"))
        else:
            x.vault.append((_WHAT, "kept" if is_kept else "too_large"))

    async def answer(self, x: Exchange, owner: str) -> Frame | None:
        """The answer to an operation on a response that is kept here; None for everything else.

        Raises `invalid_request` for what only an answer in the background has, and `store_away`.
        """
        match = _PATH.match(x.target_path)
        if match is None or SEALED.fullmatch(match[1]):
            return None
        response_id, operation = match.groups()
        conversation = await self._get(x, owner, response_id, None)
        if conversation is None:
            return None
        if x.method == "DELETE":
            try:
                await self._vault.delete(owner, _name(response_id))
            except Away:
                raise _away(None) from None
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

    async def _get(self, x: Exchange, owner: str, response_id: str, field: str | None) -> Conversation | None:
        try:
            stored = await self._vault.get(owner, _name(response_id))
        except Away:
            x.vault.append((_WHAT, "away"))
            raise _away(field) from None
        found = None if stored is None else decode(stored)
        x.vault.append((_WHAT, "missing" if found is None else "found"))
        return found


def _name(response_id: str) -> str:
    return f"{_WHAT}/{response_id}"


def _away(field: str | None) -> GatewayError:
    message = "What is kept of responses cannot be reached now. Try again, or send the whole conversation as input."
    return GatewayError("store_away", message, param=field, retry_after=1)


def _page(conversation: Conversation, query: str) -> dict[str, Any]:
    asked = {name: values[0] for name, values in parse_qs(query.lstrip("?")).items()}
    limit = asked.get("limit", "20")
    order: Literal["asc", "desc"] = "asc" if asked.get("order") == "asc" else "desc"
    size = min(max(int(limit), 1), _LONGEST_PAGE) if limit.isdecimal() else 20
    return input_items(conversation, after=asked.get("after"), limit=size, order=order)
