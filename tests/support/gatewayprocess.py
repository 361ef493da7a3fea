"""The gateway as a real process: `haechi serve` on a free port, ended by its own process id."""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

_LISTENS = re.compile(r"haechi listens on (http://\S+)/v1")


class GatewayProcess:
    """A running gateway. `log` is what it wrote to standard error."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path, greeting: str) -> None:
        self.process = process
        self.url = url
        self.v1 = f"{url}/v1"
        self.greeting = greeting
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def file(self, name: str) -> str:
        """What stands in a file beside its log."""
        return (self._log.parent / name).read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)


@contextmanager
def running(folder: Path, config: Path | None = None, env: Mapping[str, str] | None = None) -> Iterator[GatewayProcess]:
    """`haechi serve` until the block ends; asserts that it then ends cleanly."""
    log = folder / "gateway.log"
    command = [sys.executable, "-W", "error", "-m", "gateway.cli", "serve", "--port", "0"]
    command += ["--config", str(config)] if config else []
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    clean["XDG_STATE_HOME"] = str(folder.absolute())  # where a gateway without a file keeps its ledger
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env={**clean, **(env or {})})
    try:
        greeting = _greeting(process, log)
        found = _LISTENS.search(greeting)
        assert found, greeting
        yield GatewayProcess(process, found.group(1), log, greeting)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _greeting(process: subprocess.Popen[bytes], log: Path) -> str:
    """Everything up to the blank line after the two examples."""
    assert process.stdout is not None
    said = b""
    ends = time.monotonic() + 60
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n\n") or b"python3 -c" not in said:
            assert selector.select(ends - time.monotonic()), f"the gateway did not start: {said!r}{log.read_text()}"
            more = os.read(process.stdout.fileno(), 65536)
            assert more, f"the gateway ended: {said!r}{log.read_text()}"
            said += more
    return said.decode()


def written(folder: Path, config: Mapping[str, object]) -> Path:
    """The configuration as a file. JSON is YAML."""
    path = folder / "haechi.yaml"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(config)))
    return path


def simulated(url: str, **more: object) -> dict[str, object]:
    """A configuration with the models `demo` and whatever else the script of the simulator at `url` plays."""
    return {
        "providers": {"sim": {"kind": "simulated", "base_url": f"{url}/v1"}},
        "models": {"*": {"targets": [{"provider": "sim", "model": "*"}]}},
        **more,
    }
