"""What goes from a serving process to those that keep it: rows, what settles the money of rows that were lost, and where it stands."""

from msgspec import Struct, field

from gateway.record.feedback import Feedback
from gateway.record.measured import Moment
from gateway.record.row import Row
from gateway.record.settlement import Settlement


class Position(Struct, frozen=True, order=True, array_like=True):
    """Where a batch ends in its spool. Positions of one spool rise; those of two spools say nothing about each other.

    Whoever keeps a batch keeps its position with it, in one transaction, and takes no batch of the same spool that is not beyond it.
    """

    spool: str
    segment: int
    offset: int


class Batch(Struct):
    """What was written at once. `written` is when, in seconds since 1970."""

    written: float
    rows: list[Row] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)  # for traces; the ledger has it already
    moment: Moment | None = None  # for who pushes metrics
