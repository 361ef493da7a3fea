"""The text of one answer on its way to the caller, lane by lane through the edits that the caller of `Editing` makes.

One adapter for each dialect knows where lanes stand. A body is a stream of one frame, whose lanes all close in it.
"""

from collections.abc import Callable
from typing import Final, Protocol

from gateway.wire.frames import Frame
from gateway.wire.lanes.lane import EditFor
from gateway.wire.lanes.outside_audio import AudioAnswer
from gateway.wire.lanes.outside_chat import ChatAnswer
from gateway.wire.lanes.outside_messages import MessagesAnswer
from gateway.wire.lanes.outside_others import ImagesAnswer, RerankAnswer, StoredAnswer
from gateway.wire.lanes.outside_responses import ResponsesAnswer
from gateway.wire.lanes.running import Lanes


class Adapter(Protocol):
    def feed(self, frame: Frame, /) -> list[Frame]: ...

    def finish(self) -> list[Frame]: ...


class Editing:
    """One answer in the caller's dialect. A frame in which nothing changes leaves as the object that came.

    Raises `SignedEdit` where signed text would change, and `GatewayError` where a frame cannot be read: neither it nor anything
    behind it may go out.
    """

    def __init__(self, adapter: Callable[[Lanes], Adapter] | None, edit_for: EditFor) -> None:
        """`adapter` is None for answers in which there is no text."""
        self._lanes = Lanes(edit_for)
        self._adapter = None if adapter is None else adapter(self._lanes)

    @property
    def released(self) -> bool:
        """Whether text of a lane, or the close of one, has gone out: the commit point."""
        return self._lanes.released

    @property
    def opaque(self) -> set[str]:
        """What came and could not be read: `audio`, `data`, `encrypted`, `file`, `hosted_tool`, `image`, `unknown`.

        Text inside hosted tools' results and unknown fields was edited all the same, each string by itself.
        """
        return self._lanes.opaque

    def feed(self, frames: list[Frame]) -> list[Frame]:
        if self._adapter is None:
            self._lanes.released = self._lanes.released or bool(frames)
            return frames
        feed = self._adapter.feed
        if len(frames) == 1:
            return feed(frames[0])
        return [shown for frame in frames for shown in feed(frame)]

    def finish(self) -> list[Frame]:
        """The stream was cut: what the edits still give, as deltas. No end is made up."""
        return [] if self._adapter is None else self._adapter.finish()


_ADAPTERS: Final[dict[str, Callable[[Lanes, bool], Adapter]]] = {
    "chat": ChatAnswer,
    "completions": ChatAnswer,
    "messages": MessagesAnswer,
    "responses": ResponsesAnswer,
    "images": ImagesAnswer,
    "audio": AudioAnswer,
    "rerank": RerankAnswer,
    "files": StoredAnswer,
    "batches": StoredAnswer,
}


def editing(dialect: str, streamed: bool, edit_for: EditFor) -> Editing:
    """`dialect`: the caller's. Answers of dialects that hold no text (embeddings, moderations) pass."""
    adapter = _ADAPTERS.get(dialect)
    return Editing(None if adapter is None else lambda lanes: adapter(lanes, streamed), edit_for)
