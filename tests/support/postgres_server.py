"""A real PostgreSQL server on a socket of its own, ended by its process id."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_HOMES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_QUICK: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=60",
    "autovacuum=off",
)
USER: Final = "postgres"
PASSWORD: Final = "geheim"
_SECONDS: Final = 60


class PostgresServer:
    """`url` of a database by its name: over the socket, without a password; `tcp` over loopback, with one."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@/{name}?host={self.folder}&port={self.port}"

    def tcp(self, name: str, password: str = PASSWORD) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{name}"

    def make(self) -> None:
        shutil.chown(self.folder, *_owner())
        password = self.folder / "password"
        password.write_text(PASSWORD)
        shutil.chown(password, *_owner())
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync",
            "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}",
        )  # fmt: skip

    def start(self) -> None:
        options = [word for one in _QUICK for word in ("-c", one)]
        command = [
            *_as_owner(), str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder),
            "-h", "127.0.0.1", "-p", str(self.port), *options,
        ]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        ends = time.monotonic() + _SECONDS
        while self._asked("SELECT 1", "postgres").returncode:
            log_text = (self.folder / "server.log").read_text()
            assert self._process.poll() is None, f"PostgreSQL ended: {log_text}"
            assert time.monotonic() < ends, f"PostgreSQL did not start: {log_text}"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all connections; SIGQUIT is as if the machine had gone."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_SECONDS)
            self._process = None

    def fresh(self, name: str) -> str:
        """A new database; its URL."""
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def run(self, sql: str, database: str = "postgres") -> str:
        """What `psql` prints of it, without frames."""
        asked = self._asked(sql, database)
        assert asked.returncode == 0, asked.stderr
        return asked.stdout

    def _asked(self, sql: str, database: str) -> "subprocess.CompletedProcess[str]":
        where = ["-h", str(self.folder), "-p", str(self.port), "-U", USER, "-d", database]
        command = [str(self._programs / "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", *where, "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_owner(), str(self._programs / program), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS, cwd=self.folder)
        assert ran.returncode == 0, ran.stderr


def _free_port() -> int:
    """One that no outgoing connection takes, as those begin at 32,768: the server may be away for a while and needs it again."""
    while True:
        port = random.SystemRandom().randrange(15_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def _owner() -> tuple[int, int]:
    """PostgreSQL refuses to run as root."""
    if os.getuid():
        return os.getuid(), os.getgid()
    entry = pwd.getpwnam("postgres")
    return entry.pw_uid, entry.pw_gid


def _as_owner() -> Sequence[str]:
    if os.getuid():
        return ()
    user, group = _owner()
    return ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Skips where PostgreSQL is not installed."""
    if not _HOMES:
        pytest.skip("no PostgreSQL server here: install the distribution's")
    with tempfile.TemporaryDirectory(prefix="haechi-pg-") as folder:  # a socket's path has to be short
        server = PostgresServer(Path(folder), _HOMES[0])
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # nobody needs what it would write first
