"""`python -m gateway.scribe`: the process beside a gateway that keeps its records. Nobody but a gateway starts it."""

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.ledger.views import LedgerError
from gateway.record.orders import Orders, read
from gateway.record.sinks import Counting, Sink
from gateway.scribe.ledger_sink import LedgerSink
from gateway.scribe.scribe import Scribe

log = logging.getLogger("haechi")

_STDIN: Final = 0
_MOST: Final = 1 << 20
_NOT_OURS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""They are for the gateway, which ends this process by ending its input; a terminal or a service manager sends them to both."""


Compose = Callable[[Orders], Awaitable[Mapping[str, Sink]]]
"""The one that settles money first."""


def main(compose: Compose) -> int:
    """Until standard input ends, and what is left is read or the time for that is over."""
    for number in _NOT_OURS:
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    line = _told()
    if line is None:
        return 0
    try:
        asyncio.run(_keep(read(line), compose))
    except Exception as error:  # noqa: BLE001 - the edge of what we know: the log gets where it happened, never what a row says
        log.error("a defect of the process that keeps records: %s", _place_of(error))  # noqa: TRY400 - as above
        return 1
    return 0


def _told() -> bytes | None:
    """The first line of standard input, or None where whoever started this is gone. Unbuffered, so that the rest can be waited for."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(_STDIN, _MOST)
        if not more:
            return None
        line += more
    return line


async def _keep(orders: Orders, compose: Compose) -> None:
    sinks = await compose(orders)
    if not sinks:
        return
    scribe = Scribe(Path(orders.root), orders.spool, sinks, lambda: _counted(sinks))
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if not os.read(_STDIN, _MOST):
            loop.remove_reader(_STDIN)
            scribe.end()

    loop.add_reader(_STDIN, heard)
    await scribe.run(orders.ends_within)


async def _sinks(orders: Orders) -> Mapping[str, Sink]:
    sinks: dict[str, Sink] = {}
    if orders.ledger is not None:
        sinks["ledger"] = ledger = LedgerSink(orders.ledger)
        with contextlib.suppress(LedgerError):  # who cannot write says so
            await ledger.opened()  # so that there is something to read before there is something to write
    if orders.tracing is not None:  # its libraries are large, and seldom needed
        sinks["traces"] = importlib.import_module("gateway.telemetry.sink").TraceSink(orders.tracing)
    if orders.metrics:  # its libraries are large, and seldom needed
        sinks["metrics"] = importlib.import_module("gateway.telemetry.metric_sink").MetricSink()
    return sinks


def _counted(sinks: Mapping[str, Sink]) -> dict[str, int]:
    return {what: count for one in sinks.values() if isinstance(one, Counting) for what, count in one.counts.items()}


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {' < '.join(f'{Path(one.filename).name}:{one.lineno}' for one in reversed(frames[-8:]))}"


if __name__ == "__main__":
    sys.exit(main(_sinks))
