"""A passage that keeps a copy of what it hands on, before any rule edits it and any value is put back."""

from gateway.wire.dialect import END, Watch
from gateway.wire.frames import Frame
from gateway.wire.passage import Passage


class Tape:
    """What one exchange may keep. Each attempt begins anew; `whole` is true once an answer has come to its end.

    Holds at most `most` bytes: of a longer answer nothing is kept.
    """

    def __init__(self, most: int) -> None:
        self.frames: list[Frame] = []
        self.whole = False
        self.watch: Watch | None = None
        self._most = most
        self._bytes = 0

    def over(self, passage: Passage) -> Passage:
        self.frames, self.whole, self._bytes = [], False, 0
        self.watch = passage.watch
        return _Taped(passage, self)

    def add(self, frames: list[Frame], *, ended: bool) -> None:
        self._bytes += sum(len(frame.raw) for frame in frames)
        if self._bytes > self._most:
            self.frames = []
            return
        self.frames += [frame for frame in frames if frame.data is not None]
        self.whole = ended

    @property
    def raw(self) -> bytes:
        return b"".join([frame.raw for frame in self.frames])


class _Taped:
    __slots__ = ("_passage", "_tape", "watch")

    def __init__(self, passage: Passage, tape: Tape) -> None:
        self.watch = passage.watch
        self._passage = passage
        self._tape = tape

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        shown, seen = self._passage.feed(frames)
        self._tape.add(shown, ended=bool(seen & END))
        return shown, seen
