"""Answers of which checks look at segments: each is judged before it is sent, and the stream flows.

Frames are read twice. Reading tells which segments come to an end with which text; when they are judged, writing lets go with that
very text what became of them. So frames keep their order, and no text goes out ahead of the frame that completed it.
"""

from collections import deque
from collections.abc import Callable

from gateway.guards.editor import Editor
from gateway.guards.segments import Window, Windows
from gateway.policy.chain import chained
from gateway.policy.gathering import gathered
from gateway.policy.guarding import SEGMENTS_AT_ONCE, Guarding
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import Edit, Lane


class Segmented:
    """The lanes of one answer. What is fed to `look` has to be fed to an editing by `edit_for` next."""

    def __init__(self, dialect: str, streamed: bool, guarding: Guarding) -> None:
        self._guarding = guarding
        self._reading = editing(dialect, streamed, self._read)
        self._edits = deque[Edit | None]()  # in the order in which lanes begin
        self._lanes: list[_Cut] = []
        self._ended: list[_Segment] = []

    async def look(self, frames: list[Frame]) -> None:
        """Until all segments that end with these frames are judged. Raises `Blocked`."""
        self._reading.feed(frames)
        self._lanes = [lane for lane in self._lanes if lane.is_open]
        self._guarding.held = max(self._guarding.held or 0, sum(lane.held for lane in self._lanes))
        ended = self._ended.copy()
        self._ended.clear()
        for at in range(0, len(ended), SEGMENTS_AT_ONCE):
            some = ended[at : at + SEGMENTS_AT_ONCE]
            found = await gathered(self._guarding.found_in(one.lane, one.window) for one in some)
            for one, findings in zip(some, found, strict=True):
                one.said = self._guarding.judged(one.lane, one.window, findings)

    def edit_for(self, _lane: Lane) -> Edit | None:
        """The edit of the lane that was read next."""
        return self._edits.popleft()

    def _read(self, lane: Lane) -> Edit | None:
        guarding = self._guarding
        guard, windows, restorer = guarding.guard_for(lane), guarding.windows_for(lane), guarding.restorer_for(lane)
        if guard is None or windows is None:
            edit = chained(guard, restorer)
            self._edits.append(edit)
            return None if edit is None else _Unread()
        cut = _Cut(lane, guard, windows, self._ended.append)
        self._lanes.append(cut)
        self._edits.append(_Judged(cut.steps, restorer))
        return cut


class _Segment:
    """One that has come to an end. `said`: what may go on of it, once that is judged."""

    __slots__ = ("lane", "said", "window")

    def __init__(self, lane: Lane, window: Window) -> None:
        self.lane = lane
        self.window = window
        self.said: str | None = None


class _Cut:
    """Reads a lane. `steps`: for each text that was fed, and for the close, the segments that end with it."""

    def __init__(self, lane: Lane, guard: Editor, windows: Windows, ended: Callable[[_Segment], None]) -> None:
        self.steps = deque[list[_Segment]]()
        self.is_open = True
        self._lane = lane
        self._guard = guard
        self._windows = windows
        self._ended = ended

    @property
    def held(self) -> int:
        return self._guard.held + self._windows.held

    def feed(self, text: str, /) -> str:
        self._step(self._windows.feed(self._guard.feed(text)))
        return text

    def close(self) -> str:
        self.is_open = False
        self._step([*self._windows.feed(self._guard.close()), *self._windows.close()])
        return ""

    def _step(self, windows: list[Window]) -> None:
        self.steps.append([_Segment(self._lane, one) for one in windows])
        for one in self.steps[-1]:
            self._ended(one)


class _Judged:
    """Writes a lane: with each text, and with the close, what may go on of the segments that end with it, values put back."""

    def __init__(self, steps: deque[list[_Segment]], restorer: Edit | None) -> None:
        self._steps = steps
        self._restorer = restorer

    def feed(self, _text: str, /) -> str:
        said = [one.said for one in self._steps.popleft()]
        if None in said:
            raise AssertionError("a segment was to be sent that nobody has judged")
        text = "".join(filter(None, said))
        return text if self._restorer is None else self._restorer.feed(text)

    def close(self) -> str:
        return self.feed("") + ("" if self._restorer is None else self._restorer.close())


class _Unread:
    """Stands for the edit of a lane of which no check sees segments: what it lets go is known when it is written."""

    def feed(self, text: str, /) -> str:
        return text

    def close(self) -> str:
        return ""
