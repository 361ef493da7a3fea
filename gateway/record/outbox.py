"""What the recorder hands on to the process that keeps records: rows by the spool, and the money of those that could not go there."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.record.batch import Batch
from gateway.record.child import Child
from gateway.record.feedback import Feedback
from gateway.record.figures import Figures
from gateway.record.measured import Moment
from gateway.record.row import Row
from gateway.record.settlement import Unsettled
from gateway.record.spool import Full, SpoolWriter
from gateway.record.status import Status, told

log = logging.getLogger("haechi")

_ROWS: Final = 500
_LOOK_EVERY: Final = 1.0
_BEYOND_EVERY: Final = 10.0
_SPARE: Final = 64 << 20
_LAST_TRIES: Final = 3.0
_BETWEEN_TRIES: Final = 0.1


class Outbox:
    """`write`, `look` and `close` are called by one thread, `settle` by any."""

    def __init__(
        self, writer: SpoolWriter, child: Child, *, look_every: float = _LOOK_EVERY, last_tries: float = _LAST_TRIES
    ) -> None:
        """`look_every`: seconds. `last_tries`: for how many of them money that no disk takes is offered once more at the end."""
        self._writer = writer
        self._child = child
        self._look_every = look_every
        self._last_tries = last_tries
        self._unsettled = Unsettled()
        self._settling = threading.Lock()
        self._well = True
        self._looked = 0.0
        self._beyond = 0.0
        self._behind_since: float | None = None
        self._status = Status()

    def settle(self, rows: Sequence[Row]) -> None:
        """These are lost; their money goes out as soon as it can."""
        with self._settling:
            for row in rows:
                self._unsettled.fold(row)

    def write(self, rows: Sequence[Row], said: Sequence[Feedback] = ()) -> Counter[str]:
        """How many rows are lost, by why. None of their money is."""
        lost: Counter[str] = Counter()
        now = time.time()
        pieces = list(_pieces(rows))
        while pieces:
            some = pieces.pop(0)
            if (why := self._appended(Batch(now, some))) == "row" and len(some) > 1:
                pieces[:0] = [[one] for one in some]
            elif why is not None:
                lost[why] += len(some)
                self.settle(some)
        if said:
            self._appended(Batch(now, feedback=list(said)))
        if len(self._unsettled):
            self._append_money(now, beyond=now - self._beyond > _BEYOND_EVERY)
        if rows or said:
            self._sync()
        if lost and self._well:
            log.error(
                "records cannot be spooled; the metric haechi_records_dropped_total counts them, their money is kept"
            )
        self._well = not lost
        return lost

    def show(self, moment: Moment) -> None:
        """For who pushes metrics; the next moment says all that this one did."""
        self._appended(Batch(time.time(), moment=moment))
        self._sync()

    def look(self) -> None:
        """After the process, the spool and what is told of them; now and then."""
        now = time.monotonic()
        if now - self._looked < self._look_every:
            return
        self._looked = now
        self._child.look()
        self._writer.measure()
        self._status = told(self._writer.folder) or self._status
        behind = self._writer.position.segment > 0 and self._status.position != self._writer.position
        self._behind_since = (self._status.oldest or self._behind_since or time.time()) if behind else None

    def figures(self) -> Figures:
        waits_since = self._status.oldest or self._behind_since
        return Figures(
            self._child.up,
            self._child.starts,
            self._waiting_bytes(),
            max(0.0, time.time() - waits_since) if waits_since is not None else 0.0,
            self._unsettled.nanodollars,
            self._status,
        )

    def _waiting_bytes(self) -> int:
        """Without what is read already of the segment that is being written."""
        read, end = self._status.position, self._writer.position
        return self._writer.bytes - (read.offset if read is not None and read.segment == end.segment else 0)

    def close(self, within: float) -> None:
        """Writes what money is left, then lets the process read what there is for so many seconds."""
        ends = time.monotonic() + self._last_tries
        while len(self._unsettled) and not self._append_money(time.time(), beyond=True) and time.monotonic() < ends:
            time.sleep(_BETWEEN_TRIES)
        self._sync()
        if len(self._unsettled):
            log.critical(
                "no disk would take what %d nanodollars are for: they are missing in the ledger",
                self._unsettled.nanodollars,
            )
        if self._status.position != self._writer.position and self._writer.position.segment:
            self._child.insist()  # somebody has to read it
        self._writer.close()
        self._child.end(within)

    def _appended(self, batch: Batch) -> str | None:
        try:
            self._writer.append(batch)
        except Full:
            return "spool"
        except OSError:
            return "disk"
        except (OverflowError, UnicodeError):  # what an upstream counts, or calls itself, may be beyond all bounds
            return "row"
        return None

    def _append_money(self, now: float, *, beyond: bool) -> bool:
        """Small as it is, it may go beyond what a spool may hold, now and then."""
        with self._settling:
            taken = self._unsettled.take()
        try:
            self._writer.append(Batch(now, [], taken), spare=_SPARE if beyond else 0)
        except (Full, OSError):
            with self._settling:
                self._unsettled.put_back(taken)
            return False
        if beyond:
            self._beyond = now
        return True

    def _sync(self) -> None:
        """Where a disk fails at this, what was written is still there for the process that reads it: it counts as kept."""
        try:
            self._writer.sync()
        except OSError as error:
            if self._well:
                log.error("the spool of records may not outlive a failure of this machine: %s", error.strerror)  # noqa: TRY400 - no trace is wanted


def _pieces(rows: Sequence[Row]) -> Iterator[list[Row]]:
    for at in range(0, len(rows), _ROWS):
        yield list(rows[at : at + _ROWS])
