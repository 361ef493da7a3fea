"""What a scribe is told when it starts: by its standard input, as it has secrets in it that no list of processes shall show."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway.config.ledger import Ledger
from gateway.config.strict import Secret
from gateway.config.tracing import Tracing


class Orders(Struct):
    """`root` is the folder of all spools, `spool` the id of the gateway's own. `ends_within`: seconds for what is left at the end."""

    root: str
    spool: str
    ends_within: float
    ledger: Ledger | None = None
    tracing: Tracing | None = None
    metrics: bool = False


def written(orders: Orders) -> bytes:
    """One line."""
    return msgspec.json.encode(orders, enc_hook=_revealed) + b"\n"


def read(line: bytes) -> Orders:
    return msgspec.json.decode(line, type=Orders, dec_hook=_secret)


def _revealed(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind.__name__)
