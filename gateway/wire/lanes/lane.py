"""A lane of an answer: one run of text as the caller will join it, and the edit that somebody makes of it."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from gateway.wire.neutral import LaneKind


class Lane(NamedTuple):
    """`tool` tells lanes of one kind apart: the number of a call the caller's tools get, counted from 0; otherwise a word.

    Words: `reasoning` and `details.N` (a second and third place where chat servers put reasoning), `function_call`, `audio` (its
    transcript), `hosted.N` (the Nth call of a tool that the vendor runs), `quoted` (text that citations and results of hosted
    tools quote), `told` (what the caller itself had said, in a page of a stored conversation), `url`. `name`: of the tool, where it is known; it does not make another lane.
    """

    choice: int
    kind: LaneKind
    tool: int | str | None = None
    name: str = ""


class Edit(Protocol):
    """What becomes of one lane. `feed` and `close` give what may be sent now; `close` the rest."""

    def feed(self, text: str, /) -> str: ...

    def close(self) -> str: ...


class AsWritten:
    """An `Edit` that is one of these gets the arguments of a call as the JSON text that they are, not the text inside it."""


EditFor = Callable[[Lane], Edit | None]
"""Makes the edit of a lane when its first text comes; None: nobody looks at this lane, its text passes as it is.

Asked again for the same lane where the caller cannot join two runs of it, as with texts of a message that a tool call parts.
"""


class SignedEdit(Exception):
    """An edit changed text that the vendor has signed. What was sent until now is what the edit let go; nothing more may follow."""

    def __init__(self, lane: Lane) -> None:
        super().__init__(
            f"signed text of kind {lane.kind} was to be changed; block the answer or leave this kind alone"
        )
        self.lane = lane


class Run:
    """One lane on its way. `changed`: what was let go is no longer what came. `behind`: what came and was not let go yet.

    Where the two differ nobody but the edit can tell what it holds, and `behind` is None.
    """

    __slots__ = ("_edit", "_waiting", "changed", "lane")

    def __init__(self, lane: Lane, edit: Edit) -> None:
        self.lane = lane
        self.changed = False
        self._edit = edit
        self._waiting: list[str] = []

    def feed(self, text: str) -> str:
        released = self._edit.feed(text)
        if released != text or self._waiting:
            self._follow(text, released)
        return released

    def close(self) -> str:
        released = self._edit.close()
        self._follow("", released)
        self.changed = self.changed or bool(self._waiting)
        return released

    @property
    def holds(self) -> bool:
        """Whether something may be held back."""
        return self.changed or bool(self._waiting)

    def _follow(self, text: str, released: str) -> None:
        if self.changed:
            return
        if text:
            self._waiting.append(text)
        if not released:
            return
        waiting = "".join(self._waiting)
        if waiting.startswith(released):
            self._waiting = [waiting[len(released) :]] if len(waiting) > len(released) else []
        else:
            self.changed = True
            self._waiting.clear()
