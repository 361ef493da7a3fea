"""A real Prometheus on a free loopback port, from the distribution's package, ended by its own process id."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.support.eventually import eventually
from tests.support.redis_server import free_port

_TRIES = 5


class Prometheus:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """What an expression gives now. Raises AssertionError for one that is none."""
        return list(self._get("query", query=expr)["result"])

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def exemplars(self, expr: str) -> list[dict[str, Any]]:
        found = self._get("query_exemplars", query=expr, start="0", end="4102444800")
        return list(found)

    def is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _get(self, what: str, **parameters: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", f"/api/v1/{what}?{urlencode(parameters)}")
            answer = msgspec.json.decode(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]


@contextmanager
def prometheus(folder: Path, config: Mapping[str, Any]) -> Iterator[Prometheus]:
    """Started until it has its port: it cannot be asked for a free one."""
    file = folder / "prometheus.yaml"
    file.write_bytes(msgspec.json.encode(config))
    program = shutil.which("prometheus")
    assert program is not None, "`make prerequisites` installs it"
    for _ in range(_TRIES):
        server = Prometheus(free_port())
        command = [program, f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"]
        command += [f"--web.listen-address=127.0.0.1:{server.port}", "--enable-feature=exemplar-storage"]
        with (folder / "prometheus.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            if eventually(lambda: server.is_ready() or process.poll() is not None, 60) and process.poll() is None:  # noqa: B023 - called at once
                yield server
                return
        finally:
            process.terminate()
            process.wait(60)
    raise AssertionError((folder / "prometheus.log").read_text())
