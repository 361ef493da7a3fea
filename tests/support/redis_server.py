"""Real Redis servers on free loopback ports, ended by their own process ids."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

import pytest
import redis

_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST: Final = 10_000


def free_port() -> int:
    """None of those that the kernel gives to connections: else one of them has it before the server does, or while that is away."""
    first_of_connections = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 49_152
    while True:
        port = SystemRandom().randrange(_FIRST, max(first_of_connections, _FIRST + 1_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class RedisServer:
    """One server with its files in `folder`. It can be killed and started again on the same port."""

    def __init__(self, folder: Path, port: int, more: Sequence[str] = (), program: str = "redis-server") -> None:
        self.folder = folder
        self.port = port
        self.url = f"redis://127.0.0.1:{port}"
        self._more = more
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [self._program]
        if Path(self._program).name == "redis-server":
            arguments += ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--save", ""]
        with (self.folder / f"redis-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen([*arguments, *self._more], stdout=log, stderr=log)
        ends = time.monotonic() + 60
        while True:
            try:
                with self.client() as client:
                    client.ping()
            except redis.RedisError:
                assert self._process.poll() is None, "redis-server ended"
                assert time.monotonic() < ends, "redis-server did not start"
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """At once, as if the machine had gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def become(self, program: str) -> None:
        """Another release takes its place, with nothing in it."""
        self.kill()
        self._program = program
        self.start()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def client(self, password: str | None = None) -> "redis.Redis":
        return redis.Redis(port=self.port, password=password, socket_timeout=10)

    def dump(self) -> bytes:
        """All that a thief would find: every key and value, and the file that the server writes to disk."""
        with self.client() as client:
            client.save()
            found = [(self.folder / "dump.rdb").read_bytes()]
            for key in self.keys():
                found += [key, client.dump(key) or b"", _value(client, key)]
        return b"\n".join(found)

    def keys(self) -> list[bytes]:
        with self.client() as client:
            found: Any = client.keys()
            return sorted(found)


def _value(client: "redis.Redis", key: bytes) -> bytes:
    try:
        value: Any = client.get(key)
    except redis.ResponseError:  # no string; `dump` has it
        return b""
    return value or b""


def redis8() -> str | None:
    """A server with vector sets: named by HAECHI_TEST_REDIS8, or on PATH. None where there is none."""
    named = os.environ.get("HAECHI_TEST_REDIS8")
    program = named or shutil.which("redis-server")
    if program is None:
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v=(\d+)\.", said)
    return program if found and int(found.group(1)) >= 8 else None


def program_of(kind: str) -> str:
    """Of a test's parameter: what ends in 8 has vector sets, everything else is the distribution's. Skips where there is none."""
    found = redis8() if kind.endswith("8") else "redis-server"
    if found is None:
        pytest.skip("no Redis 8 here: name one by HAECHI_TEST_REDIS8")
    return found


@contextmanager
def redis_server(folder: Path, *more: str, program: str = "redis-server") -> Iterator[RedisServer]:
    server = RedisServer(folder, free_port(), more, program)
    server.start()
    try:
        yield server
    finally:
        server.kill()
