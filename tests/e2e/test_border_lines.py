"""What may come over a line: slow, half-sent, endless and garbled requests are cut off, and hold nothing."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.e2e.border import CHAT, ENDS, HASTY, PATHS, PATIENT, RAW, SAID, bordered, check_refusal, nothing_held
from tests.support.eventually import eventually, resident_bytes
from tests.support.gatewayprocess import GatewayProcess
from tests.support.rawclient import Answer, Line, ask, request
from tests.support.simulation import Simulation


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with bordered(upstream, tmp_path_factory.mktemp("border")) as process:
        yield process


@pytest.fixture(scope="module")
def hasty(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with bordered(upstream, tmp_path_factory.mktemp("hasty"), HASTY) as process:
        yield process


@pytest.fixture
def nothing_is_left(hasty: GatewayProcess) -> Iterator[None]:
    with nothing_held(hasty):
        yield


GIVES_UP: Final = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(autouse=True)
def nothing_is_held(gateway: GatewayProcess, simulation: Simulation) -> Iterator[None]:
    with nothing_held(gateway):
        yield


@GIVES_UP
@pytest.mark.parametrize("sent", [b"P", b"POST / HTTP/1.1\r\n", b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx: "])
def test_half_a_head_is_given_up(sent: bytes, hasty: GatewayProcess) -> None:
    with Line(hasty.url) as line:
        line.send(sent)
        assert line.answer(ENDS).status == 408
        assert line.is_closed(ENDS)


@GIVES_UP
def test_a_line_that_says_nothing_is_closed(hasty: GatewayProcess) -> None:
    with Line(hasty.url) as line:
        assert line.is_closed(ENDS)


@GIVES_UP
def test_blank_lines_for_ever_are_no_head(hasty: GatewayProcess) -> None:
    """An empty line before a request is allowed; they must not keep a connection."""
    with Line(hasty.url) as line:
        line.send(request("POST", CHAT, line.host, RAW))
        line.answer()
        began = time.monotonic()
        while line.send_some(b"\r\n") and time.monotonic() < began + PATIENT:
            time.sleep(0.05)
        assert time.monotonic() < began + ENDS


@GIVES_UP
def test_a_head_in_drops_is_given_up(hasty: GatewayProcess) -> None:
    began = time.monotonic()
    with Line(hasty.url) as line:
        raw = request("POST", CHAT, line.host, RAW, {"x-long": "x" * PATIENT * 50})
        for byte in raw:
            if not line.send_some(bytes([byte])) or time.monotonic() > began + PATIENT:
                break
            time.sleep(0.02)
        assert 0.95 * HASTY < time.monotonic() - began < ENDS


@GIVES_UP
def test_half_a_body_is_given_up(hasty: GatewayProcess) -> None:
    with Line(hasty.url) as line:
        line.send(request("POST", CHAT, line.host, RAW)[:-5])
        check_refusal(line.answer(ENDS), "chat", 408, "request_timeout")
        assert line.is_closed(ENDS)


@GIVES_UP
@pytest.mark.parametrize("rest", [b"", b"x", b"x" * 400])
def test_who_is_refused_before_the_body_came_keeps_nothing_open(rest: bytes, hasty: GatewayProcess) -> None:
    """The refusal does not wait for the body, and the line does not wait for it for long either."""
    with Line(hasty.url) as line:
        line.send(request("POST", "/v1/nowhere", line.host, b"", {"content-length": "500"}))
        assert line.answer(ENDS).status == 404
        line.send_some(rest)
        assert line.is_closed(ENDS)


def test_a_refused_body_that_comes_whole_leaves_the_line_usable(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"x" * 5_000, {"content-type": "text/plain"}))
        assert line.answer(ENDS).status == 415
        line.ask(CHAT, SAID)
        assert line.answer(ENDS).status == 200


def test_40_megabytes_of_headers_are_stopped_early(gateway: GatewayProcess) -> None:
    before = resident_bytes(gateway.process.pid)
    with Line(gateway.url) as line:
        line.send(f"POST {CHAT} HTTP/1.1\r\nhost: {line.host}\r\n".encode())
        sent = 0
        while sent < 40_000_000 and line.send_some(b"x-filler: " + b"y" * 8_000 + b"\r\n"):
            sent += 8_012
        assert sent < 20_000_000, "all that the two sockets hold"
    assert resident_bytes(gateway.process.pid) - before < 5_000_000


@pytest.mark.parametrize(
    "head",
    [
        b"x: " + b"y" * 20_000,
        b"x: " + b"y" * 20_000 + b"\r\n\r\n",
        b"x: y\r\n" * 4_000,
        b"y" * 20_000,
    ],
    ids=["a value without end", "a value with an end", "many lines", "a name without end"],
)
def test_a_head_that_is_too_large_is_refused(head: bytes, gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send_some(f"GET /health HTTP/1.1\r\nhost: {line.host}\r\n".encode() + head)
        assert line.answer(ENDS).status == 431
        assert line.is_closed(ENDS)


def test_a_path_that_is_too_large_is_refused(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send_some(b"GET /" + b"x" * 20_000)
        assert line.answer(ENDS).status in (400, 431)
        assert line.is_closed(ENDS)


def test_trailers_are_counted_and_are_no_headers(gateway: GatewayProcess, simulation: Simulation) -> None:
    chunked = {"content-length": "", "transfer-encoding": "chunked"}
    body = f"{len(RAW):x}\r\n".encode() + RAW + b"\r\n0\r\n"
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", chunked) + body)
        sent = 0
        while sent < 20_000_000 and line.send_some(b"x-filler: " + b"y" * 8_000 + b"\r\n"):
            sent += 8_012
        assert sent < 15_000_000


@pytest.mark.parametrize(
    "raw", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 64]
)
def test_what_is_not_http_is_refused(raw: bytes, gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(raw)
        assert line.answer(ENDS).status == 400
        assert line.is_closed(ENDS)


@pytest.mark.parametrize(
    "target", ["http://", "//", "*", "/%", "/%ff", "/v1/%00", "/v1/../v1/models", "http://other.example/v1/models"]
)
def test_an_odd_target_is_answered(target: str, gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("GET", target, line.host))
        assert 200 <= line.answer(ENDS).status < 500


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("dialect", ["chat", "messages"])
def test_a_wrong_method_is_told_the_right_one(method: str, dialect: str, gateway: GatewayProcess) -> None:
    answer = _unmeasured(gateway, method, PATHS[dialect])
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    if method != "HEAD":
        check_refusal(answer, dialect, 405, "method_not_allowed")


@pytest.mark.parametrize(("path", "dialect"), [("/v1/nothing", "chat"), ("/v1/messages/nothing", "messages")])
def test_an_unknown_path_is_refused_in_the_dialect_that_it_looks_like(
    path: str, dialect: str, gateway: GatewayProcess
) -> None:
    check_refusal(ask(gateway.url, path, RAW), dialect, 404, "not_found")


def test_outside_of_v1_there_is_nothing_but_health_and_metrics(gateway: GatewayProcess) -> None:
    assert ask(gateway.url, "/", b"", method="GET").status == 404
    assert ask(gateway.url, "/health", b"", method="GET").body == b"ok\n"
    assert ask(gateway.url, "/docs", b"", method="GET").status == 404
    assert ask(gateway.url, "/v1", b"", method="GET").status == 404


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/models", "//v1/models", "/V1/models", "/docs"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_is_not_there_is_told_in_the_one_body_of_errors(
    method: str, path: str, gateway: GatewayProcess
) -> None:
    check_refusal(ask(gateway.url, path, b"", method=method), "chat", 404, "not_found")


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_a_wrong_method_outside_of_v1_is_told_in_it_too(path: str, gateway: GatewayProcess) -> None:
    answer = ask(gateway.url, path, b"", method="POST")
    check_refusal(answer, "chat", 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def _unmeasured(gateway: GatewayProcess, method: str, path: str) -> Answer:
    with Line(gateway.url) as line:
        line.send(request(method, path, line.host, b"", {"content-length": ""}))
        if method == "HEAD":
            status, headers = line.head()
            return Answer(status, headers, b"", "whole")
        return line.answer()


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/realtime", CHAT])
def test_a_websocket_upgrade_is_told_that_there_is_none(path: str, gateway: GatewayProcess) -> None:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "content-length": "",
    }
    with Line(gateway.url) as line:
        line.send(request("GET", path, line.host, b"", upgrade))
        check_refusal(line.answer(), "chat", 426, "upgrade_required")


def test_an_old_client_gets_its_answer_and_the_end_of_the_line(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, RAW).replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = line.answer()
        assert (answer.status, answer.end) == (200, "whole")
        assert line.is_closed(ENDS)


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
def test_an_old_client_gets_a_stream_without_chunks_that_ends_with_the_line(
    dialect: str, gateway: GatewayProcess
) -> None:
    said: Any = {**SAID, "stream": True, "max_tokens": 99, "input": "Hi"}
    with Line(gateway.url) as line:
        line.ask(PATHS[dialect], said)
        wanted = [name for name, _ in line.answer().events]
    with Line(gateway.url) as line:
        raw = request("POST", PATHS[dialect], line.host, msgspec.json.encode(said))
        line.send(raw.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        answer = line.answer()
        assert "transfer-encoding" not in answer.headers
        assert answer.headers["connection"] == "close"
        assert [name for name, _ in answer.events] == wanted
        assert not answer.body.rstrip().endswith(b"\r\n0"), "a chunk of no length is the end of chunks alone"


def test_an_old_client_sees_that_half_a_file_is_half(gateway: GatewayProcess, simulation: Simulation) -> None:
    """Where the end of the line is the end of the answer, a plain end would make any piece whole."""
    simulation.misbehave({"cut": {"after_bytes": 30, "how": "fin"}}, then="normal")
    speech = msgspec.json.encode({"model": "demo", "input": "one two three four five", "voice": "alloy"})
    with Line(gateway.url) as line:
        line.send(request("POST", "/v1/audio/speech", line.host, speech).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert line.head()[0] == 200
        assert line.is_reset(ENDS)


def test_requests_in_one_breath_are_answered_in_order(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        first = request("POST", CHAT, line.host, RAW)
        line.send(first + request("GET", "/v1/nothing", line.host) + first)
        assert [line.answer().status for _ in range(3)] == [200, 404, 200]


def test_a_caller_that_asks_first_is_told_to_go_on(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        head = request("POST", CHAT, line.host, b"", {"content-length": str(len(RAW)), "expect": "100-continue"})
        line.send(head)
        assert line.head()[0] == 100
        line.send(RAW)
        assert line.answer().status == 200


def test_a_caller_that_asks_first_for_too_much_is_told_so_at_once(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.send(request("POST", CHAT, line.host, b"", {"content-length": "200000", "expect": "100-continue"}))
        assert line.head()[0] == 413


@GIVES_UP
def test_many_bad_ones_at_once_leave_the_gateway_as_it_was(hasty: GatewayProcess) -> None:
    """Half heads, half bodies, garbage and good requests at the same time: the good ones are all answered."""
    host = hasty.url.removeprefix("http://")
    bad = [b"POST / HT", request("POST", CHAT, host, RAW)[:-3], b"\x00\x01\x02", b"GET /" + b"x" * 9_000]
    lines = [Line(hasty.url) for _ in range(120)]
    for number, line in enumerate(lines):
        line.send_some(bad[number % len(bad)])
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(lambda _: ask(hasty.url, CHAT, SAID), range(80))} == {200}
    for line in lines:
        assert line.is_closed(ENDS)
        line.close()


def test_a_caller_that_does_not_read_holds_no_more_than_the_sockets(
    gateway: GatewayProcess, simulation: Simulation
) -> None:
    """A stream that nobody reads stops the upstream instead of filling memory."""
    simulation.misbehave({"chunks": ["x" * 4_000] * 20})
    before = resident_bytes(gateway.process.pid)
    with Line(gateway.url) as line:
        line.ask(CHAT, {**SAID, "stream": True, "n": 128})
        line.read_until(b"xxxx")
        eventually(lambda: _settled(gateway.process.pid))
        assert resident_bytes(gateway.process.pid) - before < 5_000_000
    simulation.reset()


def _settled(pid: int) -> bool:
    """Whether the process has stopped working: no CPU time within a moment."""
    before = _ticks(pid)
    time.sleep(0.1)
    return _ticks(pid) == before


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
