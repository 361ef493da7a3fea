"""What the scribe tells the gateway that started it, through a file in the gateway's spool."""

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from gateway.record.batch import Position
from gateway.record.spool import put

_NAME: Final = "status"


class Status(Struct):
    """Counts are of this scribe's life. `oldest` is when the batch was written that has waited longest, if one waits."""

    position: Position | None = None  # in the gateway's own spool
    oldest: float | None = None
    rows: int = 0
    settlements: int = 0
    refused: int = 0  # rows that the ledger would not take, of which it took the money
    unreadable: int = 0  # bytes
    left: int = 0  # spools of gateways that are gone, which wait for a ledger that this scribe has not
    away: dict[str, str] = field(default_factory=dict)  # the kind of error of each sink that is away
    told: dict[str, int] = field(default_factory=dict)  # what sinks count themselves, such as spans sent and dropped


def tell(folder: Path, status: Status) -> None:
    """Raises OSError."""
    put(folder / _NAME, msgspec.json.encode(status))


def told(folder: Path) -> Status | None:
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=Status)
    except (OSError, msgspec.DecodeError):
        return None
