"""Where the console begins. What is behind it is loaded when somebody first looks, so a gateway that only serves pays nothing for it."""

import asyncio
import importlib
from typing import Any

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.llm import Gate
from gateway.config.console import Console
from gateway.ledger.lazily import Lazily

_USUAL = "/console"


class Door:
    """An ASGI application."""

    def __init__(self, gate: Gate, console: Console, ledger: Lazily | None) -> None:
        self._gate = gate
        self._console = console
        self._ledger = ledger
        self._opening = asyncio.Lock()
        self._site: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._site is None:
            async with self._opening:
                if self._site is None:
                    self._site = await asyncio.to_thread(self._open)
        await self._site(scope, receive, send)

    def _open(self) -> ASGIApp:
        site: Any = importlib.import_module("gateway.console.site")
        made: ASGIApp = site.Site(self._gate, self._console, self._ledger)
        return made


class _Threshold:
    """The console's address without the slash at its end: mounted there as well, so that it can say where it goes on."""

    def __init__(self, door: Door, path: str) -> None:
        self._door = door
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door({**scope, "root_path": scope.get("root_path", "") + self._path}, receive, send)


def routes(gate: Gate, console: Console, ledger: Lazily | None) -> list[BaseRoute]:
    """At the usual path, and at the configured one for a reverse proxy that hands it on as it is."""
    if not console.enabled:
        return []
    door = Door(gate, console, ledger)
    paths = dict.fromkeys((_USUAL, console.path))
    return [route for path in paths for route in (Mount(path, app=door), Route(path, endpoint=_Threshold(door, path)))]
