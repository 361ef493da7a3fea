"""The llama.cpp server out of the `xllamacpp` wheel, in a process of its own: `python -m tests.slow.llamacpp OPTIONS`.

It listens on loopback and ends when its standard input does, so it never outlives the tests.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.rawclient import ask

KEY: Final = "a-key-for-llama"
SLOTS: Final = 4
_PATIENCE: Final = 30.0


class Options(msgspec.Struct):
    """`context` is in tokens, for each of the `SLOTS` requests that it works on at once. Port 0 means any."""

    model: str
    context: int
    port: int


class ModelServer:
    """A running server; `log` is what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.v1 = f"{url}/v1"
        self._log = log

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ask(self, path: str, body: Any) -> Any:
        """Straight at the server, as the gateway would ask."""
        return ask(self.url, path, body, headers={"authorization": f"Bearer {KEY}"}, timeout=20)

    def busy(self) -> int:
        """How many of the slots work on a request."""
        answer = ask(self.url, "/slots", b"", method="GET", headers={"authorization": f"Bearer {KEY}"})
        assert answer.status == 200, answer.body
        return sum(slot["is_processing"] for slot in answer.json)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(folder: Path, model: Path, context: int, port: int = 0) -> Iterator[ModelServer]:
    """A server with the model, until the block ends. Skips the test where the wheel is missing or dies on this machine."""
    if find_spec("xllamacpp") is None:
        pytest.skip("the xllamacpp wheel is not installed; without it no real model server can be asked")
    log = folder / f"llamacpp-{context}.log"
    options = msgspec.json.encode(Options(str(model), context, port)).decode()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.slow.llamacpp", options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield ModelServer(process, _address(process, log), log)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The line that the process says when it listens. A processor that lacks what the wheel was built for ends it by a signal."""
    assert process.stdout is not None
    said = b""
    ends = time.monotonic() + _PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            assert selector.select(ends - time.monotonic()), f"llama.cpp did not start: {log.read_text()}"
            more = os.read(process.stdout.fileno(), 4096)
            if not more:
                status = process.wait(10)
                if status < 0 or "ImportError" in log.read_text():
                    pytest.skip(f"llama.cpp does not run on this machine (status {status}): {log.read_text()[-300:]}")
                raise AssertionError(f"llama.cpp ended with status {status}: {log.read_text()}")
            said += more
    return said.decode().strip()


def main(options: Options) -> None:
    """Serves until standard input ends. The library writes its log to standard output, so that is moved out of its way."""
    answer = os.dup(1)
    os.dup2(2, 1)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {"tiny"}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.api_keys = [KEY]
    params.n_parallel = SLOTS
    params.n_ctx = options.context * SLOTS
    params.ctx_shift = True  # an answer may go on for ever: what tests of leaving and dying need
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.use_jinja = True
    params.fit_params = False
    params.endpoint_slots = True
    params.endpoint_metrics = True
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    os.write(answer, f"{server.listening_address}\n".encode())
    os.close(answer)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Options))
