"""The simulator as an ASGI application: the way of a request from its bytes to the answer that is played."""

import asyncio
import re
from typing import Final
from urllib.parse import parse_qsl

from msgspec import json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.simulator.control import Control, Record
from gateway.simulator.errors import Family, RefusalError, refuse
from gateway.simulator.faults import Client, ClientGoneError, instead, play, reshape, takes_time
from gateway.simulator.headers import check_key, vendor_headers
from gateway.simulator.mint import Mint
from gateway.simulator.multipart import parse
from gateway.simulator.outcome import Outcome
from gateway.simulator.request import Request
from gateway.simulator.routes import Handler, family_of, route
from gateway.simulator.script import NORMAL, Script, Stage
from gateway.simulator.shelf import Shelf

# Where Azure names the model.
_DEPLOYMENT: Final = re.compile(r"/openai/deployments/([^/]+)/")
_LARGEST: Final = 256 * 1024 * 1024


def simulator(script: Script | None = None, *, control: bool = False) -> ASGIApp:
    """An upstream that follows `script`. With `control`, `/_simulator/` replaces the script and lists what arrived."""
    return _Simulator(script or Script(), control=control)


class _Simulator:
    """One upstream: where its script stands, its ids and, for tests, what arrived."""

    def __init__(self, script: Script, *, control: bool) -> None:
        self._stage = Stage(script)
        self._mint = Mint()
        self._shelf = Shelf()
        self._control = Control(self._restage) if control else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        client = Client(scope, receive, send)
        try:
            raw = await _read(receive)
        except RefusalError as error:
            outcome = refuse(family_of(scope["path"], {}), error, self._mint.hexadecimal("req_"))
            outcome.headers["connection"] = "close"
            await play(outcome, NORMAL, client)
            return
        if raw is None:
            return
        if self._control and scope["path"].startswith("/_simulator/"):
            await play(self._control.answer(scope["method"], scope["path"], raw), NORMAL, client)
            return
        request = self._request(scope, raw)
        outcome = self._outcome(request)
        await _perform(outcome, request, client, self._control.note(request) if self._control else None)

    def _restage(self, script: Script) -> None:
        self._stage = Stage(script)

    def _request(self, scope: Scope, raw: bytes) -> Request:
        return Request(
            method=scope["method"],
            path=scope["path"],
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
            raw=raw,
            mint=self._mint,
            script=self._stage.script,
            shelf=self._shelf,
        )

    def _outcome(self, request: Request) -> Outcome:
        """The answer with all that the script does to it, and the vendor's headers."""
        family = family_of(request.path, request.headers)
        request.id = self._mint.hexadecimal("req_") if family == "openai" else self._mint.alphanumeric("req_011C")
        try:
            outcome = self._answer(request, family)
        except RefusalError as error:
            outcome = refuse(family, error, request.id)
        outcome.headers = {**vendor_headers(family, request), **outcome.headers}
        return reshape(outcome, request.behaviour)

    def _answer(self, request: Request, family: Family) -> Outcome:
        handler = route(request)
        try:
            _parse(request)
        except ValueError as error:
            raise RefusalError("invalid_json") from error
        model = request.body.get("model")
        request.behaviour = self._stage.next(model if isinstance(model, str) else None, request.path)
        scripted = instead(family, request.behaviour, request.id)
        if scripted is not None:
            return scripted
        check_key(family, request)
        return _ask(handler, request)


def _ask(handler: Handler, request: Request) -> Outcome:
    """Run a handler; a body whose parts have the wrong types is the caller's mistake, as it is to the vendor."""
    if handler.model:
        _check_model(request)
    try:
        return handler.answer(request)
    except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
        raise RefusalError("invalid_request", "A part of the request has the wrong type.") from error


def _check_model(request: Request) -> None:
    model = request.body.get("model")
    if not isinstance(model, str) or not model:
        raise RefusalError("missing_parameter", "The parameter 'model' is missing.", param="model")
    if request.script.offers and model not in request.script.offers:
        raise RefusalError("model_not_found", f"The model '{model}' does not exist.")


def _parse(request: Request) -> None:
    """Read a JSON object or a form; other bodies are left to the handler."""
    kind = request.headers.get("content-type", "application/json")
    if not request.raw:
        return
    if "multipart/form-data" in kind:
        request.body, request.files = parse(request.raw, kind)
    elif "json" in kind:
        body = json.decode(request.raw)
        if not isinstance(body, dict):
            raise RefusalError("invalid_json")
        request.body = body
    deployment = _DEPLOYMENT.search(request.path)
    if deployment:
        request.body.setdefault("model", deployment.group(1))


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None if the client went before its end; one that is too large is refused."""
    parts: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > _LARGEST:
            raise RefusalError("too_large")
        if not message.get("more_body"):
            return b"".join(parts)


async def _perform(outcome: Outcome, request: Request, client: Client, record: Record | None) -> None:
    """Play the answer, and watch the client meanwhile where a delay or a test asks for it."""
    if record is None and not takes_time(request.behaviour):
        await play(outcome, request.behaviour, client)
        return
    watching = asyncio.create_task(client.watch())
    try:
        whole = await play(outcome, request.behaviour, client)
    except ClientGoneError:
        whole = False
        if record:
            record.left()
    finally:
        watching.cancel()
    if record and whole:
        record.answered()
