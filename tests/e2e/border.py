"""A gateway with narrow limits, and what the tests at its border have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.support.eventually import connections, eventually
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.rawclient import Answer, ask
from tests.support.simulation import Simulation

CHAT: Final = "/v1/chat/completions"
PATHS: Final = {"chat": CHAT, "messages": "/v1/messages", "responses": "/v1/responses", "embeddings": "/v1/embeddings"}
SAID: Final[dict[str, Any]] = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
RAW: Final = msgspec.json.encode(SAID)
BODY_BYTES: Final = 100_000
HASTY: Final = 3
"""Seconds that a gateway waits for the rest of a head or a body where that is what a test is about: more than a caller on a busy
machine takes from one step to the next.
"""
PATIENT: Final = 60
ENDS: Final = 25
"""Seconds in which a line that is given up has ended: many times `HASTY`, and far from `PATIENT`."""
_LIMITS: Final = {"body_bytes": BODY_BYTES, "header_bytes": 8_192, "json_depth": 20}


@contextmanager
def bordered(upstream: Simulation, folder: Path, seconds: float = PATIENT) -> Iterator[GatewayProcess]:
    limits = {**_LIMITS, "header_seconds": seconds, "body_seconds": seconds}
    with running(folder, written(folder, simulated(upstream.url, limits=limits, retry={"attempts": 1}))) as process:
        yield process


@contextmanager
def nothing_held(gateway: GatewayProcess) -> Iterator[None]:
    """Around each test: the gateway goes on answering, keeps no connection, and met no defect of its own."""
    check_that_it_answers(gateway)
    assert eventually(lambda: connections(gateway.url) == 0)
    yield
    assert eventually(lambda: connections(gateway.url) == 0)
    check_that_it_answers(gateway)
    assert "Traceback" not in gateway.log


def check_that_it_answers(gateway: GatewayProcess) -> None:
    assert ask(gateway.url, CHAT, SAID).status == 200


def check_refusal(answer: Answer, dialect: str, status: int, code: str) -> None:
    """An error of ours, in the body of this dialect."""
    assert answer.status == status, answer.body
    assert answer.end == "whole"
    assert answer.headers["content-type"] == "application/json"
    request_id = answer.headers["x-haechi-request-id"]
    assert request_id.startswith("req_")
    error = answer.json["error"]
    if dialect == "messages":
        assert answer.json["type"] == "error"
        assert answer.json["request_id"] == request_id
        assert error["details"]["error_code"] == code
    else:
        assert error["code"] == code
        assert error["request_id"] == request_id
