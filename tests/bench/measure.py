"""What is measured of one running contender. Every function returns measures by name; the unit is the end of the name."""

import asyncio
import socket
import time
from dataclasses import dataclass

from tests.bench import payloads
from tests.bench.figures import percentile
from tests.bench.load import OpenStreams, Tally, closed_loop
from tests.bench.process import Process, StartError
from tests.bench.subject import Subject, warm

START_LIMIT = 120.0
STREAMS = 50
SETTLE = 0.5


@dataclass(frozen=True)
class Effort:
    """Seconds for each part, chunks a second over all streams, streams a second that are surely few, and how many idle
    streams are opened.
    """

    unary: float
    single: float
    large: float
    chunk: float
    chunk_rate: int
    first: float
    few: float
    idle: tuple[int, ...]


FAST = Effort(1.2, 0.5, 0.8, 1.2, 10_000, 1.5, 40, (1_000, 5_000))
SLOW = Effort(2.0, 0.6, 1.2, 2.0, 400, 2.0, 4, (250, 500))
QUICK = Effort(0.6, 0.3, 0.5, 0.6, 10_000, 0.8, 40, (1_000,))


def first_answer(process: Process, port: int, request: bytes) -> dict[str, float]:
    """Asks until the first 200 comes, every 5 ms; time counts from the start of the process."""
    until = process.began + START_LIMIT
    head = b""
    while time.perf_counter() < until:
        head = _head_of_answer(port, request)
        if head.startswith(b"HTTP/1.1 200"):
            seconds = time.perf_counter() - process.began
            return {"start.seconds": seconds, "start.rss_mb": process.resident_bytes() / 2**20}
        process.check_alive()
        time.sleep(0.005)
    raise StartError(f"no answer of 200 within {START_LIMIT:g} s; the last began {head[:60]!r}")


async def unary(subject: Subject, effort: Effort) -> dict[str, float]:
    """Small requests: 64 connections for CPU and throughput, then one for latency alone."""
    request = subject.unary(payloads.small_body())
    await warm(subject.unary_port, request, subject.contender.warm)
    crowd, spent = await _loaded(subject, request, 64, effort.unary)
    alone = await closed_loop(subject.unary_port, request, 1, effort.single)
    measures = {"unary.rps": crowd.rate, **_latency("unary64", crowd), **_latency("unary1", alone)}
    return measures | ({"unary.cpu_us": spent} if subject.process else {})


async def tracing(subject: Subject, effort: Effort) -> dict[str, float]:
    """Small requests over 64 connections: CPU of the process that serves alone, whatever others do on its behalf."""
    request = subject.unary(payloads.small_body())
    await warm(subject.unary_port, request, subject.contender.warm)
    before = subject.own_cpu_seconds()
    tally = await closed_loop(subject.unary_port, request, 64, effort.unary)
    return {"tracing.cpu_us": (subject.own_cpu_seconds() - before) / len(tally.latencies) * 1e6}


async def large(subject: Subject, effort: Effort) -> dict[str, float]:
    """Requests of 108 KB over 16 connections."""
    request = subject.unary(payloads.large_body())
    await warm(subject.unary_port, request, subject.contender.warm // 8)
    tally, spent = await _loaded(subject, request, 16, effort.large)
    return {"large.rps": tally.rate} | ({"large.cpu_us": spent} if subject.process else {})


async def chunks(subject: Subject, effort: Effort) -> dict[str, float]:
    """CPU per event while fifty streams flow at a fixed rate; opening and closing them is outside the window."""
    gap_us = STREAMS * 1_000_000 // effort.chunk_rate
    await subject.warm_streams()
    streams = OpenStreams(subject.stream_port, subject.stream(payloads.paced_body(0, gap_us)))
    try:
        await streams.grow(STREAMS)
        await asyncio.sleep(SETTLE)
        tally = streams.tally
        spent, count, reads = subject.cpu_seconds(), tally.chunks, tally.reads
        await asyncio.sleep(effort.chunk)
        spent, count, reads = subject.cpu_seconds() - spent, tally.chunks - count, tally.reads - reads
        streams.check()
    finally:
        await streams.close()
    return {"chunk.cpu_us": spent / count * 1e6, "chunk.rate": count / effort.chunk, "chunk.per_read": count / reads}


async def idle(subject: Subject, effort: Effort) -> dict[str, float]:
    """Memory per open stream that has given one event and is silent; the base is the process after some streams came and went."""
    assert subject.process is not None
    request = subject.stream(payloads.held_body())
    first = OpenStreams(subject.stream_port, request)
    try:
        await first.grow(32)
    finally:
        await first.close()
    await asyncio.sleep(SETTLE)
    base = subject.process.resident_bytes()
    measures = {"idle.base_mb": base / 2**20}
    streams = OpenStreams(subject.stream_port, request)
    try:
        for count in effort.idle:
            await streams.grow(count)
            await asyncio.sleep(SETTLE)
            streams.check()
            measures[f"idle.{count}_kb"] = (subject.process.resident_bytes() - base) / count / 1024
    finally:
        await streams.close()
    return measures


async def _loaded(subject: Subject, request: bytes, connections: int, seconds: float) -> tuple[Tally, float]:
    """A closed loop, and the process's CPU µs per answer in it."""
    before = subject.cpu_seconds()
    tally = await closed_loop(subject.unary_port, request, connections, seconds)
    return tally, (subject.cpu_seconds() - before) / len(tally.latencies) * 1e6


def _latency(name: str, tally: Tally) -> dict[str, float]:
    return {
        f"{name}.p50_ms": percentile(tally.latencies, 0.5) * 1e3,
        f"{name}.p99_ms": percentile(tally.latencies, 0.99) * 1e3,
    }


def _head_of_answer(port: int, request: bytes) -> bytes:
    """The first bytes that come back; none while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(request)
            return line.recv(4096)
    except OSError:
        return b""
