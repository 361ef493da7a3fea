"""A passage that remembers whose signed blocks it hands on, so that they can be sent back to the account they came from."""

from collections.abc import Callable

from gateway.wire.dialect import Watch
from gateway.wire.frames import Frame
from gateway.wire.passage import Passage
from gateway.wire.signed import carried_out


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
