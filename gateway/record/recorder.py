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
from gateway.record.feedback import Feedback
from gateway.record.measured import Moment
from gateway.record.metrics import Metrics
from gateway.record.outbox import Outbox
from gateway.record.row import Row, row
from gateway.record.state import Waiting
from gateway.record.users import NOBODY, Users

log = logging.getLogger("haechi")

_encode_lines = msgspec.json.Encoder().encode_lines
_LOOK_EVERY: Final = 0.1
_LINE_END: Final = 10


class Recorder:
    """Counts at once; writes rows from a thread of its own, so that a slow disk costs no request anything.

    The queue is bounded: a row that finds it full is dropped, and counted, as are those that the disk would not take. Where
    there is an outbox, their money is not. The thread looks at the queue now and then instead of being woken for each row,
    which would cost more than the row. Raises ValueError for a file that cannot be opened.
    """

    def __init__(self, config: Record, metrics: Metrics, users: Users = NOBODY, outbox: Outbox | None = None) -> None:
        self.metrics = metrics
        self.users = users
        self._outbox = outbox
        self._rows: deque[Row] = deque()
        self._said: deque[Feedback] = deque()
        self._moments: deque[Moment] = deque(maxlen=1)
        self._in_hand = 0
        self._most = config.queue
        self._ending = threading.Event()
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None
        lines = _Lines(_opened(config.file), closes=config.file != "-") if config.file is not None else None
        if lines is not None or outbox is not None:
            self._thread = threading.Thread(target=self._write, args=(lines,), name="haechi-records", daemon=True)
            self._thread.start()

    @property
    def keeps(self) -> bool:
        """Whether rows are made at all."""
        return self._thread is not None

    def record(self, x: Exchange) -> None:
        ended = x.clock()
        self.metrics.count(x, ended)
        if self._thread is not None:
            made = row(x, ended)
            made.user = self.users.told(x)
            if len(self._rows) < self._most:
                self._rows.append(made)
            else:
                self._drop(1, "queue")
                if self._outbox is not None:
                    self._outbox.settle([made])

    def tell(self, said: Feedback) -> None:
        """On for traces, if anybody wants any. What finds the queue full is gone: whoever has to keep it has it already."""
        if self._outbox is not None and len(self._said) < self._most:
            self._said.append(said)

    def hand_on(self, moment: Moment) -> None:
        """For who pushes metrics, if anybody does. A newer moment takes the place of one that still waits."""
        self._moments.append(moment)

    def waiting(self) -> Waiting:
        """What is on its way: in the queue, or being written."""
        return Waiting(len(self._rows) + self._in_hand, self._outbox.figures() if self._outbox is not None else None)

    def close(self, within: float = 0) -> None:
        """Writes what is queued, then stops. Blocks for as long as the disk needs, and so many seconds for the ledger."""
        if self._thread is not None:
            self._ending.set()
            self._thread.join()
            self._thread = None
            if self._outbox is not None:
                self._outbox.close(within)

    def _write(self, lines: "_Lines | None") -> None:
        last, well = False, True
        while not last:
            last = self._ending.wait(_LOOK_EVERY)
            self._in_hand = len(self._rows)
            batch = [self._rows.popleft() for _ in range(self._in_hand)]
            if batch and lines is not None:
                was_well, well = well, self._written(lines, batch)
                if was_well and not well:
                    log.error("records cannot be written; the metric haechi_records_dropped_total counts them")
            if self._outbox is not None:
                said = [self._said.popleft() for _ in range(len(self._said))]
                for why, count in self._outbox.write(batch, said).items():
                    self._drop(count, why)
                if self._moments:
                    self._outbox.show(self._moments.popleft())
                self._outbox.look()
            self._in_hand = 0
        if lines is not None:
            with contextlib.suppress(OSError):
                lines.close()

    def _written(self, lines: "_Lines", batch: list[Row]) -> bool:
        try:
            lines.write(_encode_lines(batch))
        except OSError:
            self._drop(len(batch), "file")
            return False
        except UnicodeError:
            self._drop(len(batch), "row")
            return False
        return True

    def _drop(self, count: int, why: str) -> None:
        with self._counting:  # both threads do
            self.metrics.dropped[why] += count


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
