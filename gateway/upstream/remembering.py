"""Remembers whose signed blocks a caller gets, so that they can be sent back to the account they came from."""

from collections.abc import Callable

from gateway.exchange import Exchange
from gateway.wire.dialect import Watch
from gateway.wire.frames import Frame
from gateway.wire.passage import Passage
from gateway.wire.signed import carried_out


def remember_signed(x: Exchange, frames: list[Frame], provider: str) -> None:
    """Of frames that this caller gets and no upstream gave it: whose the signed strings in them are."""
    if x.remember is None or not provider:
        return
    for frame in frames:
        for signed in carried_out(x.dialect.name, frame):
            x.remember(signed, provider)


class Remembering:
    """Frames leave as they came. `dialect` is the caller's: what it gets is what it sends back, translated or not."""

    def __init__(self, passage: Passage, dialect: str, remember: Callable[[str, str], None], provider: str) -> None:
        self.watch: Watch = passage.watch
        self._passage = passage
        self._dialect = dialect
        self._remember = remember
        self._provider = provider

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        shown, seen = self._passage.feed(frames)
        for frame in shown:
            for signed in carried_out(self._dialect, frame):
                self._remember(signed, self._provider)
        return shown, seen
