"""Many requests on one line: each is answered in its turn, and no byte of one is ever taken for another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.e2e.border import CHAT, ENDS, HASTY, RAW, SAID, bordered, nothing_held
from tests.support.eventually import eventually, in_flight
from tests.support.gatewayprocess import GatewayProcess
from tests.support.rawclient import Line, ask, request
from tests.support.simulation import Simulation

_OFFERS: Final = {
    "h2c": {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAEAAEAAAAIAAAAB"},
    "websocket": {"connection": "upgrade", "upgrade": "websocket"},
    "nobody knows": {"connection": "Upgrade", "upgrade": "tomorrow/9, h2c"},
}
_SLOW: Final = {"chunks": [f"word{number} " for number in range(1500)], "tokens_per_second": 25}


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with bordered(upstream, tmp_path_factory.mktemp("turns")) as process:
        yield process


@pytest.fixture(autouse=True)
def nothing_is_held(gateway: GatewayProcess, simulation: Simulation) -> Iterator[None]:
    with nothing_held(gateway):
        simulation.reset()
        yield
        simulation.reset()


# -- offers to upgrade


@pytest.mark.parametrize("offer", _OFFERS.values(), ids=_OFFERS.keys())
def test_an_offer_to_upgrade_is_ignored(offer: dict[str, str], gateway: GatewayProcess, simulation: Simulation) -> None:
    """As RFC 9110, section 7.8, allows: the request is answered in HTTP/1.1, its body in one piece with its head or not."""
    raw = request("POST", CHAT, "localhost", RAW, offer)
    for cut in (len(raw), len(raw) - len(RAW), len(raw) - 5, 30):
        with Line(gateway.url) as line:
            line.send(raw[:cut])
            line.send(raw[cut:])
            assert line.answer().status == 200
            line.ask(CHAT, SAID)
            assert line.answer().status == 200
    assert [arrived["body"] for arrived in simulation.requests()] == [SAID] * 8


@pytest.mark.parametrize("offer", _OFFERS.values(), ids=_OFFERS.keys())
def test_the_body_behind_an_offer_is_no_request(
    offer: dict[str, str], gateway: GatewayProcess, simulation: Simulation
) -> None:
    """A proxy in front of us that takes it for a body would be made to carry a request that it has not seen."""
    hidden = request("POST", CHAT, "localhost", RAW)
    wait = {**offer, "expect": "100-continue", "content-length": str(len(hidden))}
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", wait))
        assert line.head()[0] == 100
        line.send(hidden + request("GET", "/v1/nothing", line.host))
        assert [line.answer().status for _ in range(2)] == [400, 404]
    assert simulation.requests() == []


def test_a_chunked_body_behind_an_offer_is_read(gateway: GatewayProcess, simulation: Simulation) -> None:
    chunked = {**_OFFERS["h2c"], "content-length": "", "transfer-encoding": "chunked"}
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", chunked) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(RAW), RAW))
        assert line.answer().status == 200


def test_offers_in_one_breath_are_answered_in_order(gateway: GatewayProcess) -> None:
    offering = [request("GET", f"/v1/{n}", "localhost", b"", _OFFERS["h2c"]) for n in range(1_500)]
    with Line(gateway.url) as line:
        line.send(b"".join(offering))
        assert all(f"There is no /v1/{n} " in line.answer().json["error"]["message"] for n in range(1_500))


def test_what_a_head_may_be_holds_for_one_with_an_offer(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", {**_OFFERS["h2c"], "x": "y" * 9_000}))
        assert line.answer().status == 431
        assert line.is_closed(ENDS)


def test_an_old_client_that_offers_gets_its_answer_and_the_end_of_the_line(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, RAW, _OFFERS["h2c"]).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert line.answer().status == 200
        assert line.is_closed(ENDS)


def test_there_is_no_tunnel(gateway: GatewayProcess, simulation: Simulation) -> None:
    with Line(gateway.url) as line:
        line.send(request("CONNECT", "localhost:80", line.host) + request("POST", CHAT, line.host, RAW))
        assert line.answer().status == 400
        assert line.is_closed(ENDS)
    assert simulation.requests() == []


# -- a request behind another


def test_a_request_that_comes_during_another_answer_has_its_own_time(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    """Half its body is there when the first answer ends; its own answer then takes longer than a head or a rest may."""
    said: dict[str, Any] = {**SAID, "stream": True}
    with bordered(upstream, tmp_path, HASTY) as gateway, Line(gateway.url) as line:
        simulation.misbehave({"delay_first_token": 0.3})
        line.ask(CHAT, said)
        second = request("POST", CHAT, line.host, RAW)
        eventually(simulation.requests)
        line.send(second[:-5])
        assert line.answer().end == "whole"
        simulation.misbehave({"delay_first_token": HASTY + 1})
        line.send(second[-5:])
        answer = line.answer()
        assert (answer.status, answer.end) == (200, "whole")


@pytest.mark.parametrize("begun", [False, True])
def test_a_caller_that_leaves_with_a_request_queued_leaves_nothing(
    begun: bool, gateway: GatewayProcess, simulation: Simulation
) -> None:
    simulation.misbehave(_SLOW if begun else {"delay_head": 60})
    with Line(gateway.url) as line:
        said = msgspec.json.encode({**SAID, "stream": True})
        line.send(request("POST", CHAT, line.host, said) + 2 * request("POST", CHAT, line.host, RAW))
        eventually(simulation.requests)
        if begun:
            line.read_until(b"word1")
        line.reset()
    eventually(lambda: in_flight(ask(gateway.url, "/metrics", b"", method="GET").body.decode()) == 0)
    assert len(simulation.requests()) == 1
    assert "never retrieved" not in gateway.log
    assert "ASGI" not in gateway.log
