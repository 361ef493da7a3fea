"""The simulator as a process and inside another loop."""

import asyncio
import signal
import socket

import pytest

from gateway.simulator.app import simulator
from gateway.simulator.serve import run, serve
from tests.support.simulation import in_process


def test_a_process_says_where_it_listens_and_can_reset_lines() -> None:
    with in_process() as simulation:
        assert simulation._call("GET", "/health")[0] == 200
        simulation.misbehave({"cut": {"before_head": True}}, model="/health")
        with pytest.raises(ConnectionResetError):
            simulation._call("GET", "/health")


async def test_inside_a_loop_it_leaves_signals_alone_and_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    port, stop = await serve(simulator(control=True))
    assert signal.getsignal(signal.SIGINT) is before
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    script = b'{"models":{"*":[{"delay_head":60}]}}'
    writer.write(b"POST /_simulator/script HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(script), script))
    assert b"200" in await reader.readline()
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    writer.write(head + body)
    await writer.drain()
    async with asyncio.timeout(30):
        await stop()
        await reader.read()
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_without_control_there_is_no_control() -> None:
    port, stop = await serve(simulator())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /_simulator/requests HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"404" in await reader.readline()
    writer.close()
    await stop()


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("127.0.0.1", port, None) == 1
    assert str(port) in capsys.readouterr().err
