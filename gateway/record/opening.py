"""From a configuration to a recorder, with the way to the ledger where something is at its end."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.config.pushing import push_every
from gateway.config.structs import Config
from gateway.record.child import Child
from gateway.record.metrics import Metrics
from gateway.record.orders import Orders, written
from gateway.record.outbox import Outbox
from gateway.record.recorder import Recorder
from gateway.record.spool import LEDGER, SpoolWriter
from gateway.record.users import Users, key_of

ENDS_WITHIN: Final = 10.0
"""Seconds for what is left when a gateway ends."""
_SLOWER: Final = 2.0


def recorder_of(config: Config, env: Mapping[str, str] = os.environ) -> Recorder:
    """Metrics that are pushed go the way of the rows. Raises ValueError for a file or a folder that cannot be opened."""
    pushes = push_every(env) is not None
    root = (
        Path(config.record.spool).absolute()
        if config.ledger is not None or config.tracing is not None or pushes
        else None
    )
    try:
        users = Users(config.record.users, key_of(config.secret, root))
        outbox = _outbox(config, root, pushes=pushes) if root is not None else None
    except OSError as error:
        raise ValueError(
            f"record.spool: {root} cannot be used: {error.strerror}; name a folder that this user may write"
        ) from error
    return Recorder(config.record, Metrics(), users, outbox)


def _outbox(config: Config, root: Path, *, pushes: bool) -> Outbox:
    writer = SpoolWriter(root, config.record.spool_bytes, settles=LEDGER if config.ledger is not None else "")
    orders = Orders(
        root=str(root),
        spool=writer.id,
        ends_within=ENDS_WITHIN - _SLOWER,
        ledger=config.ledger,
        tracing=config.tracing,
        metrics=pushes,
    )
    return Outbox(writer, Child(written(orders)))
