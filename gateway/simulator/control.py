"""Remote control for tests: replace the script, see what arrived and when each client went away."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, field

from gateway.simulator.outcome import Outcome, unary
from gateway.simulator.request import Request
from gateway.simulator.script import Script, ScriptError, decode

_MOST: Final = 5_000


class Record(Struct):
    """One request that arrived. Times: `at` in seconds of the epoch, the others in milliseconds after it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    request_id: str
    at: float = field(default_factory=time.time)
    client_gone_after_ms: float | None = None
    answered_after_ms: float | None = None

    def left(self) -> None:
        self.client_gone_after_ms = (time.time() - self.at) * 1000

    def answered(self) -> None:
        self.answered_after_ms = (time.time() - self.at) * 1000


class Control:
    """What tests may ask of a simulator; `restage` takes a new script."""

    def __init__(self, restage: Callable[[Script], None]) -> None:
        self._restage = restage
        self._records: deque[Record] = deque(maxlen=_MOST)

    def note(self, request: Request) -> Record:
        text = request.raw.decode("utf-8", "replace")
        record = Record(
            request.method, request.path, dict(request.query), dict(request.headers), request.body or text, request.id
        )
        self._records.append(record)
        return record

    def answer(self, method: str, path: str, raw: bytes) -> Outcome:
        match (method, path):
            case ("POST", "/_simulator/script"):
                return self._replace(raw)
            case ("GET", "/_simulator/requests"):
                return unary(list(self._records))
            case ("DELETE", "/_simulator/requests"):
                self._records.clear()
                return unary({"cleared": True})
            case _:
                return unary({"error": "there are POST script, GET requests and DELETE requests"}, 404)

    def _replace(self, raw: bytes) -> Outcome:
        try:
            self._restage(decode(raw))
        except ScriptError as error:
            return unary({"error": str(error)}, 400)
        return unary({"replaced": True})
