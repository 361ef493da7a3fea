"""The collector, the database, the disk, the process that keeps records and the gateway itself fail in turn, under load: no request fails, what is
dropped is counted, and in the end the ledger has the money that callers were told, to the last nanodollar.
"""

import asyncio
import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import Figures, Filter
from gateway.record.spool import segments, spools
from tests.support.children import children
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.otlp import Receiver, http_receiver
from tests.support.postgres_server import postgres_server
from tests.support.rawclient import Line
from tests.support.simulation import Simulation

_LONG: Final = 90.0
_CALLERS: Final = 3
_PRICES: Final = {"input": 1.0, "output": 2.0}
"""Of a million tokens: a thousand nanodollars for each of the input, two thousand for each of the output."""


class Load:
    """Callers who ask one thing after the other until the block ends, and count what they are told."""

    def __init__(self, url: str) -> None:
        self.answers = 0
        self.nanodollars = 0
        self.failures: list[str] = []
        self._url = url
        self._ending = threading.Event()
        self._counting = threading.Lock()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        with ThreadPoolExecutor(_CALLERS) as callers:
            asking = [callers.submit(self._ask, caller) for caller in range(_CALLERS)]
            try:
                yield
            finally:
                self._ending.set()
            for one in asking:
                one.result()

    def _ask(self, caller: int) -> None:
        with Line(self._url) as line:
            turn = 0
            while not self._ending.wait(0.01):
                turn += 1
                said = {"role": "user", "content": "word " * (1 + turn % 7)}
                line.ask("/v1/chat/completions", {"model": "demo", "messages": [said], "user": f"user-{caller}"})
                answer = line.answer()
                usage = answer.json.get("usage", {}) if answer.status == 200 else {}
                with self._counting:
                    self.answers += 1
                    self.nanodollars += 1000 * usage.get("prompt_tokens", 0) + 2000 * usage.get("completion_tokens", 0)
                    if answer.status != 200:
                        self.failures.append(f"{answer.status}: {answer.body!r}")

    def more(self, count: int = 20) -> None:
        """Waits until so many more are answered."""
        wanted = self.answers + count
        eventually(lambda: self.answers >= wanted or self.failures, _LONG)


def metric(process: GatewayProcess, name: str, label: str = "") -> float:
    with urlopen(f"{process.url}/metrics", timeout=30) as page:
        lines = page.read().decode().splitlines()
    named = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
    ours = [line for line in named if not label or f'"{label}"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in ours)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else writes to it, as during a long backup."""
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@contextmanager
def full_disk(process: GatewayProcess, spool: Path) -> Iterator[None]:
    """No file that this process writes may grow beyond what the newest of its spool has: as if the disk were full."""
    (folder,) = spools(spool)
    size = (folder / f"{segments(folder)[-1]:08d}.seg").stat().st_size
    before = resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, before)


def kept(url: str) -> Figures:
    async def asked() -> Figures:
        ledger = await Ledger.open(Settings(url=Secret(url)))
        try:
            return (await ledger.summary(Filter(), 0, 1 << 33)).figures
        finally:
            await ledger.aclose()

    return asyncio.run(asked())


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


def priced(folder: Path, config: dict[str, Any]) -> Path:
    config["models"]["*"]["targets"][0]["prices"] = _PRICES
    return written(folder, config)


def test_no_request_fails_and_no_money_is_lost_whatever_is_away(
    simulation: Simulation, collector: Receiver, tmp_path: Path
) -> None:
    database, spool = tmp_path / "h.db", tmp_path / "spool"
    config: dict[str, Any] = simulated(
        simulation.url,
        ledger={"url": f"sqlite:///{database}"},
        tracing={"endpoint": f"{collector.endpoint}/v1/traces"},
        record={"spool": str(spool)},
    )
    path = priced(tmp_path, config)

    (first := tmp_path / "first").mkdir()
    with running(first, path) as gateway:
        load = Load(gateway.url)
        with load.going_on():
            load.more()
            eventually(lambda: metric(gateway, "haechi_scribe_total", "rows") > 0, _LONG)
            eventually(lambda: metric(gateway, "haechi_scribe_total", "spans_sent") > 0, _LONG)

            collector.refuses = True
            eventually(lambda: metric(gateway, "haechi_scribe_total", "spans_dropped") > 0, _LONG)
            rows = metric(gateway, "haechi_scribe_total", "rows")
            eventually(lambda: metric(gateway, "haechi_scribe_total", "rows") > rows, _LONG)  # which do not wait for it
            collector.refuses = False
            seen = len(collector.spans)
            eventually(lambda: len(collector.spans) > seen, _LONG)

            with locked(database):
                load.more()
                eventually(lambda: metric(gateway, "haechi_spool_lag_seconds") > 1, _LONG)
                load.more()
            eventually(lambda: metric(gateway, "haechi_spool_lag_seconds") < 1, _LONG)
            assert metric(gateway, "haechi_records_dropped_total") == 0

            with full_disk(gateway, spool):
                eventually(lambda: metric(gateway, "haechi_records_dropped_total") > 20, _LONG)
                assert metric(gateway, "haechi_unsettled_dollars") > 0
            eventually(lambda: metric(gateway, "haechi_unsettled_dollars") == 0, _LONG)
            load.more()

            (scribe,) = children(gateway.process.pid)
            os.kill(scribe, signal.SIGKILL)
            load.more()
            eventually(lambda: metric(gateway, "haechi_scribe_starts_total") == 2, _LONG)
            eventually(lambda: metric(gateway, "haechi_scribe_total", "rows") > 0, _LONG)
        assert load.failures == []
        dropped = metric(gateway, "haechi_records_dropped_total")

        last = Load(gateway.url)
        with locked(database):  # so that what comes now is on disk and nowhere else
            with last.going_on():
                last.more()
            eventually(lambda: metric(gateway, "haechi_records_queued") == 0, _LONG)
            eventually(lambda: metric(gateway, "haechi_spool_lag_seconds") > 0, _LONG)
            assert last.failures == []
            for pid in (*children(gateway.process.pid), gateway.process.pid):
                os.kill(pid, signal.SIGKILL)
            gateway.process.wait()

    (second := tmp_path / "second").mkdir()
    with running(second, path) as gateway:
        after = Load(gateway.url)
        with after.going_on():
            after.more()
        assert after.failures == []
        eventually(lambda: len(list(spools(spool))) == 1, _LONG)  # that of the first is settled and gone
    assert list(spools(spool)) == []

    told = [load, last, after]
    figures = kept(f"sqlite:///{database}")
    assert figures.cost_nanodollars == sum(one.nanodollars for one in told) > 0
    assert figures.requests == sum(one.answers for one in told)
    with sqlite3.connect(database) as connection:
        (kept_rows,) = connection.execute("SELECT count(*) FROM requests").fetchone()
    connection.close()
    assert kept_rows + dropped == figures.requests  # each is a row, or was counted when its row was dropped


def test_a_server_that_is_gone_and_comes_back_misses_nothing(simulation: Simulation, tmp_path: Path) -> None:
    with postgres_server() as server:
        url = server.fresh("haechi")
        path = priced(tmp_path, simulated(simulation.url, ledger={"url": url}, record={"spool": str(tmp_path / "s")}))
        with running(tmp_path, path) as gateway:
            load = Load(gateway.url)
            with load.going_on():
                eventually(lambda: metric(gateway, "haechi_scribe_total", "rows") > 0, _LONG)
                server.stop(signal.SIGQUIT)  # as if its machine had gone
                eventually(lambda: metric(gateway, "haechi_sink_away", "ledger") == 1, _LONG)
                load.more()
                server.start()
                eventually(lambda: metric(gateway, "haechi_sink_away", "ledger") == 0, _LONG)
                load.more()
            assert load.failures == []
            assert metric(gateway, "haechi_records_dropped_total") == 0
            eventually(lambda: metric(gateway, "haechi_scribe_total", "rows") == load.answers, _LONG)
        figures = kept(url)
    assert (figures.requests, figures.cost_nanodollars) == (load.answers, load.nanodollars)
