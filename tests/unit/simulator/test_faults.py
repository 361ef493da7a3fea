"""Every fault, seen from a plain socket: the bytes that come, and how they end."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from msgspec import DecodeError, json

from tests.support.simulation import Simulation, in_thread

STREAM = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": "hello there my friend"}]}
UNARY = {**STREAM, "stream": False}


@pytest.fixture(scope="module")
def running() -> Iterator[Simulation]:
    with in_thread() as simulation:
        yield simulation


@pytest.fixture
def simulation(running: Simulation) -> Simulation:
    running.reset()
    return running


def send(simulation: Simulation, body: dict[str, Any], path: str = "/v1/chat/completions") -> socket.socket:
    raw = json.encode(body)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
    line = socket.create_connection(("127.0.0.1", simulation.port), timeout=30)
    line.sendall(head.encode() + raw)
    return line


def drain(line: socket.socket) -> tuple[bytes, str]:
    """Everything until the end, and how it ended: `fin`, `rst`, or `open` if nothing more came: for 0.3 s behind a whole answer, for
    3 s within one.
    """
    got = b""
    while True:
        line.settimeout(0.3 if is_whole(got) else 3)
        try:
            piece = line.recv(65536)
        except ConnectionResetError:
            return got, "rst"
        except TimeoutError:
            return got, "open"
        if not piece:
            return got, "fin"
        got += piece


def is_whole(got: bytes) -> bool:
    head, _, body = got.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head.lower())
    return found is not None and len(body) >= int(found.group(1))


def ask(simulation: Simulation, body: dict[str, Any]) -> tuple[bytes, str]:
    with closing(send(simulation, body)) as line:
        return drain(line)


def frames(got: bytes) -> int:
    return got.count(b"data: ")


def test_with_no_script_a_stream_ends_well(simulation: Simulation) -> None:
    got, end = ask(simulation, STREAM)
    assert got.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert end == "open"
    assert frames(got) == 10


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_cut_comes_after_so_many_frames(simulation: Simulation, how: str) -> None:
    simulation.misbehave({"cut": {"after_frames": 3, "how": how}})
    got, end = ask(simulation, STREAM)
    assert (frames(got), end) == (3, how)
    assert not got.endswith(b"0\r\n\r\n")


def test_a_cut_counts_from_the_end_too(simulation: Simulation) -> None:
    simulation.misbehave({"cut": {"after_frames": -1}})
    got, end = ask(simulation, STREAM)
    assert (frames(got), end) == (9, "rst")
    assert b"[DONE]" not in got


def test_a_cut_can_fall_inside_a_frame(simulation: Simulation) -> None:
    simulation.misbehave({"cut": {"after_bytes": 20}})
    got, end = ask(simulation, STREAM)
    assert (got.partition(b"\r\n\r\n")[2], end) == (b'14\r\ndata: {"id":"chatcmp\r\n', "rst")


def test_a_cut_can_come_before_the_head(simulation: Simulation) -> None:
    simulation.misbehave({"cut": {"before_head": True}}, {"cut": {"before_head": True, "how": "fin"}})
    assert ask(simulation, UNARY) == (b"", "rst")
    assert ask(simulation, UNARY) == (b"", "fin")


def test_a_unary_body_is_cut_half_way(simulation: Simulation) -> None:
    simulation.misbehave({"cut": {"half": True, "how": "fin"}})
    got, end = ask(simulation, UNARY)
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert (len(body), end) == (length // 2, "fin")


def test_a_stall_lasts_until_the_client_goes(simulation: Simulation) -> None:
    simulation.misbehave({"stall_after": 2})
    with closing(send(simulation, STREAM)) as line:
        got, end = drain(line)
        assert (frames(got), end) == (2, "open")
        assert simulation.requests()[-1]["client_gone_after_ms"] is None
    assert gone(simulation) >= 300


def gone(simulation: Simulation) -> float:
    """When the last client went, as soon as the simulator knows."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = simulation.requests()[-1]["client_gone_after_ms"]
        if found is not None:
            return float(found)
    raise AssertionError("the simulator did not see the client go")


def test_a_client_that_goes_during_a_slow_stream_is_seen(simulation: Simulation) -> None:
    simulation.misbehave({"tokens_per_second": 20})
    started = time.time()
    with closing(send(simulation, STREAM)) as line:
        assert line.recv(100)
    gone(simulation)
    assert simulation.requests()[-1]["answered_after_ms"] is None
    assert started - 1 < simulation.requests()[-1]["at"] < time.time() + 1


def test_a_client_that_stays_is_not_gone(simulation: Simulation) -> None:
    ask(simulation, STREAM)
    record = simulation.requests()[-1]
    assert (record["method"], record["path"], record["body"]) == ("POST", "/v1/chat/completions", STREAM)
    assert record["headers"]["host"] == "x"
    assert record["client_gone_after_ms"] is None
    assert record["answered_after_ms"] is not None


def test_delays_stand_where_they_are_set(simulation: Simulation) -> None:
    simulation.misbehave({"delay_head": 3}, {"delay_first_token": 3}, {"tokens_per_second": 2})
    waits = []
    for _ in range(3):
        started = time.monotonic()
        with closing(send(simulation, STREAM)) as line:
            head = line.recv(12)
            waited = time.monotonic() - started
            whole = head
            while not whole.endswith(b"0\r\n\r\n"):
                whole += line.recv(65536)
            waits.append((waited, time.monotonic() - started))
    assert waits[0][0] >= 2.9
    assert waits[1][0] < 2.9 <= waits[1][1]
    assert waits[2][0] < 2.9 <= waits[2][1]  # seven tokens, half a second between them


def test_a_slow_body_comes_in_small_pieces(simulation: Simulation) -> None:
    simulation.misbehave({"bytes_per_second": 4000})
    started = time.monotonic()
    with closing(send(simulation, UNARY)) as line:
        got, _ = drain(line)
    assert json.decode(got.partition(b"\r\n\r\n")[2])["object"] == "chat.completion"
    assert time.monotonic() - started > 0.1


def test_a_malformed_event_stands_among_the_others(simulation: Simulation) -> None:
    simulation.misbehave({"malformed_after": 2})
    got, _ = ask(simulation, STREAM)
    assert frames(got) == 11
    event = got.split(b"data: ")[3].split(b"\n\n")[0]
    with pytest.raises(DecodeError):
        json.decode(event)
    got, _ = ask(simulation, UNARY)
    with pytest.raises(DecodeError):
        json.decode(got.partition(b"\r\n\r\n")[2])


def test_an_early_end_is_a_clean_one_without_the_terminal_event(simulation: Simulation) -> None:
    simulation.misbehave({"end_after": -1}, {"end_after": 2})
    got, end = ask(simulation, STREAM)
    assert (frames(got), end) == (9, "open")
    assert got.endswith(b"0\r\n\r\n")
    assert b"[DONE]" not in got
    assert frames(ask(simulation, STREAM)[0]) == 2


def test_an_error_event_ends_a_stream(simulation: Simulation) -> None:
    simulation.misbehave({"error_after": 3, "error": "overloaded"})
    got, _ = ask(simulation, STREAM)
    assert frames(got) == 4
    assert b'"message":"Overloaded"' in got.rsplit(b"data: ", 1)[1]


def test_a_unary_answer_has_no_place_for_an_error_event(simulation: Simulation) -> None:
    simulation.misbehave({"error_after": 0, "error": "overloaded"})
    assert b"You said" in ask(simulation, UNARY)[0]


def test_a_deployment_in_the_path_names_the_model(simulation: Simulation) -> None:
    body = {key: value for key, value in UNARY.items() if key != "model"}
    with closing(send(simulation, body, "/openai/deployments/mine/chat/completions?api-version=1")) as line:
        assert b'"model":"mine"' in drain(line)[0]


def test_a_200_can_carry_an_error(simulation: Simulation) -> None:
    simulation.misbehave({"status": 200, "error": "server_error"})
    got, _ = ask(simulation, STREAM)
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-type: application/json" in head
    assert json.decode(body)["error"]["type"] == "server_error"


def test_type_body_and_headers_can_be_anything(simulation: Simulation) -> None:
    simulation.misbehave({"content_type": "text/html", "body": "<p>", "status": 502, "headers": {"x-a": "b"}})
    head, _, body = ask(simulation, STREAM)[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502")
    assert b"content-type: text/html" in head
    assert b"x-a: b" in head
    assert body == b"<p>"


def test_the_line_can_close_after_the_answer(simulation: Simulation) -> None:
    simulation.misbehave({}, {"after": "announce"}, {"after": "close"})
    kept, announced, closed = (ask(simulation, UNARY) for _ in range(3))
    assert kept[1] == "open"
    assert (b"connection: close" in announced[0], announced[1]) == (True, "fin")
    assert (b"connection: close" in closed[0], closed[1]) == (False, "fin")


def test_health_answers_as_scripted(simulation: Simulation) -> None:
    assert simulation._call("GET", "/health")[0] == 200
    simulation.misbehave({"status": 503}, model="/health")
    assert simulation._call("GET", "/health")[0] == 503


def test_wrong_places_and_methods_are_told(simulation: Simulation) -> None:
    assert simulation._call("GET", "/v1/nowhere")[0] == 404
    assert simulation._call("GET", "/v1/embeddings")[0] == 405
    assert simulation._call("POST", "/v1/chat/completions", b"{")[0] == 400
    assert simulation._call("POST", "/v1/chat/completions", b"[]")[0] == 400
    assert simulation._call("POST", "/_simulator/script", b"{")[0] == 400
