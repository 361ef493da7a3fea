"""The last step: what happened, counted and written down, on success, failure, cut and disconnect alike. No text is."""

import contextlib
import logging
import sys
import threading
from collections import deque
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from gateway.config.structs import Record
from gateway.exchange import Exchange
from gateway.record.metrics import Metrics
from gateway.record.row import Row, row

log = logging.getLogger("haechi")

_encode_lines = msgspec.json.Encoder().encode_lines
_LOOK_EVERY: Final = 0.1
_LINE_END: Final = 10


class Recorder:
    """Counts at once; writes rows from a thread of its own, so that a slow disk costs no request anything.

    The queue is bounded: a row that finds it full is dropped, and counted, as are those that the disk would not take. The
    thread looks at the queue now and then instead of being woken for each row, which would cost more than the row.
    Raises ValueError for a file that cannot be opened.
    """

    def __init__(self, config: Record, metrics: Metrics) -> None:
        self.metrics = metrics
        self._rows: deque[Row] = deque()
        self._most = config.queue
        self._ending = threading.Event()
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None
        if config.file is not None:
            lines = _Lines(_opened(config.file), closes=config.file != "-")
            self._thread = threading.Thread(target=self._write, args=(lines,), name="haechi-records", daemon=True)
            self._thread.start()

    def record(self, x: Exchange) -> None:
        ended = x.clock()
        self.metrics.count(x, ended)
        if self._thread is not None:
            if len(self._rows) < self._most:
                self._rows.append(row(x, ended))
            else:
                self._drop(1)

    def close(self) -> None:
        """Writes what is queued, then stops. Blocks for as long as the disk needs."""
        if self._thread is not None:
            self._ending.set()
            self._thread.join()
            self._thread = None

    def _write(self, lines: "_Lines") -> None:
        last, well = False, True
        while not last:
            last = self._ending.wait(_LOOK_EVERY)
            batch = [self._rows.popleft() for _ in range(len(self._rows))]
            if batch:
                was_well, well = well, self._written(lines, batch)
                if was_well and not well:
                    log.error("records cannot be written; the metric haechi_records_dropped_total counts them")
        with contextlib.suppress(OSError):
            lines.close()

    def _written(self, lines: "_Lines", batch: list[Row]) -> bool:
        try:
            lines.write(_encode_lines(batch))
        except OSError:
            self._drop(len(batch))
            return False
        return True

    def _drop(self, count: int) -> None:
        with self._counting:  # both threads do
            self.metrics.dropped += count


class _Lines:
    """A file without a buffer, which would keep what could not be written and write it after all. Half a line that is out
    is ended before the next.
    """

    def __init__(self, out: BinaryIO, *, closes: bool) -> None:
        self._out = out
        self._closes = closes
        self._half = False

    def write(self, lines: bytes) -> None:
        """All of it; raises OSError where less is taken."""
        left = memoryview(b"\n" + lines if self._half else lines)
        while left:
            taken = self._out.write(left)
            if not taken:
                raise BlockingIOError
            self._half = left[taken - 1] != _LINE_END
            left = left[taken:]

    def close(self) -> None:
        if self._closes:
            self._out.close()


def _opened(file: str) -> BinaryIO:
    if file == "-":
        return cast("BinaryIO", getattr(sys.stdout.buffer, "raw", sys.stdout.buffer))
    try:
        return cast("BinaryIO", Path(file).open("ab", buffering=0))
    except OSError as error:
        raise ValueError(
            f"record.file: {file} cannot be opened for writing: {error.strerror}; name a file that this user may write"
        ) from error
