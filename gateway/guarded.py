"""The steps `guard` and `unscrub`: the way of an answer, with the rules of its exchange upon it."""

from gateway.answering import Refused
from gateway.errors import GatewayError
from gateway.exchange import Exchange, Judged
from gateway.guards.editor import Blocked
from gateway.policy.blocking import StartOver
from gateway.policy.chain import chained
from gateway.policy.guarding import Guarding
from gateway.segmented import Segmented
from gateway.upstream.http import invalid
from gateway.wire.dialect import END, FAULT
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import AsWritten, Edit, Lane, SignedEdit
from gateway.wire.passage import Passage


class Guarded:
    """Frames of an upstream leave its passage as the rules let them.

    Rules that need the whole answer hold all of it back; it is read once for them, and then edited by what they said. Where rules
    need segments of it alone (`Segmented`), those that are complete are judged while the frames wait that completed them.
    """

    def __init__(
        self, passage: Passage, x: Exchange, guarding: Guarding, most_held: int, *, checks: bool = True
    ) -> None:
        """`checks`: false for an answer that has passed these very rules before; patterns look at it again."""
        self.released = False
        self._passage = passage
        self._x = x
        self._guarding = guarding
        in_segments = checks and guarding.guarantee == "segment"
        self._segments = Segmented(x.dialect.name, x.streamed, guarding) if in_segments else None
        edit_for = guarding.edit_for if self._segments is None else self._segments.edit_for
        self._editing = editing(x.dialect.name, x.streamed, edit_for)
        self._waiting: list[Frame] | None = [] if checks and guarding.checks_answers else None
        self._most_held = most_held
        self._held = 0
        self._unread = set[str]()
        self._began = self._ended = 0.0
        self._seconds = 0.0

    async def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        """As `Passage.feed`. Raises `Refused` where a rule blocks: nobody else is asked then, and the upstream is not to blame."""
        began = self._x.clock()
        try:
            return await self._fed(frames)
        finally:
            self._began, self._ended = self._began or began, self._x.clock()
            self._seconds += self._ended - began

    def note(self) -> None:
        """The answer is over: what the rules had to do with it, and whether values were put back, are steps of the exchange."""
        x, guarding = self._x, self._guarding
        x.ruled_seconds += self._seconds
        if x.steps is None or not self._began:
            return
        if guarding.guarantee is not None:
            x.steps.append(("guardrail", self._began, self._ended, Judged("out", guarding, self._seconds), None))
        if held := len(guarding.values_held()):
            x.steps.append(("unscrub", self._began, self._ended, held, None))

    async def _fed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        shown, seen = self._passage.feed(frames)
        try:
            if self._segments is not None:
                await self._segments.look(shown)
            if self._waiting is None or (self._x.dialect.opaque and all(one.data is None for one in shown)):
                return self._edited(shown), seen  # of pieces of sound there is nothing to wait for
            self._waiting += shown
            self._held += sum(len(frame.raw) for frame in shown)
            if self._held > self._most_held:
                raise invalid(f"a policy has to see all of it, and it is larger than {self._most_held} bytes")
            if seen & FAULT or not seen & END:
                return [], seen
            return await self._checked(self._waiting), seen
        except Blocked as blocked:
            error = self._guarding.blocked(blocked)
            if isinstance(error, StartOver):
                error.answer = self._said()
            raise Refused(error) from None
        except SignedEdit:
            message = "A policy of this gateway forbids this answer, whose reasoning is signed and cannot be changed."
            raise Refused(GatewayError("policy_blocked", message)) from None

    def _edited(self, frames: list[Frame]) -> list[Frame]:
        try:
            shown = self._editing.feed(frames)
        finally:
            if len(self._editing.opaque) > len(self._unread):
                self._tell_unread(self._editing.opaque)
        self.released = self._editing.released
        return shown

    def _tell_unread(self, opaque: set[str]) -> None:
        for what in sorted(opaque - self._unread):
            if (refused := self._guarding.unread_in_answer(what)) is not None:
                raise Refused(refused)
        self._unread |= opaque

    def _said(self) -> str:
        """The content of the answer, as the model wrote it."""
        plain = _Plain()
        editing(self._x.dialect.name, self._x.streamed, plain.edit_for).feed(self._waiting or [])
        return plain.text

    async def _checked(self, frames: list[Frame]) -> list[Frame]:
        guarding, x = self._guarding, self._x
        read = _Reading(guarding)
        try:
            restored = editing(x.dialect.name, x.streamed, read.edit_for).feed(frames)
        except Blocked:
            guarding.verdicts.join(read.verdicts)  # nothing is edited now that would count them
            raise
        if calls := [one for one in read.lanes if one.lane.kind == "tool_args"]:
            written = _Arguments()
            editing(x.dialect.name, x.streamed, written.edit_for).feed(restored)
            for one, arguments in zip(calls, written.lanes, strict=True):
                one.restored = arguments.text
        made = [await guarding.checked(one.lane, one.text, one.restored) for one in read.lanes]
        guarding.held = sum(len(one.text) for one in read.lanes)
        by_order = iter(made)

        def edit_for(lane: Lane) -> Edit | None:
            return chained(guarding.guard_for(lane), next(by_order), guarding.restorer_for(lane))

        self._editing = editing(x.dialect.name, x.streamed, edit_for)
        return self._edited(frames)


class _Heard:
    """An edit that changes nothing and remembers the text."""

    def __init__(self) -> None:
        self.text = ""

    def feed(self, text: str, /) -> str:
        self.text += text
        return text

    def close(self) -> str:
        return ""


class _Plain(_Heard):
    """Reads the content of the first choice."""

    def edit_for(self, lane: Lane) -> Edit | None:
        return self if lane.kind == "content" and lane.choice == 0 and lane.tool is None else None


class _Arguments:
    """Reads the arguments of all calls as they are written, in the order in which they begin: who looks at them parses them."""

    def __init__(self) -> None:
        self.lanes: list[_Written] = []

    def edit_for(self, lane: Lane) -> Edit | None:
        if lane.kind != "tool_args":
            return None
        self.lanes.append(_Written())
        return self.lanes[-1]


class _Written(_Heard, AsWritten):
    """One call."""


class _Reading:
    """The lanes of an answer in the order in which they begin, read as the rules for patterns let them go. Counts for itself."""

    def __init__(self, guarding: Guarding) -> None:
        self.verdicts = guarding.verdicts.apart()
        self.lanes: list[_Read] = []
        self._guarding = guarding

    def edit_for(self, lane: Lane) -> Edit:
        guard, restorer = self._guarding.guard_for(lane, self.verdicts), self._guarding.restorer_for(lane)
        self.lanes.append(_Read(lane, guard, restorer))
        return self.lanes[-1]


class _Read:
    """One lane: `text` as the caller would get it if no value were put back, `restored` with values.

    Of the arguments of a call `text` is what stands in its strings, and `restored`, in the end, the JSON.
    """

    def __init__(self, lane: Lane, guard: Edit | None, restorer: Edit | None) -> None:
        self.lane = lane
        self.text = ""
        self.restored = ""
        self._guard = guard
        self._restorer = restorer

    def feed(self, text: str, /) -> str:
        return self._say(text if self._guard is None else self._guard.feed(text))

    def close(self) -> str:
        said = "" if self._guard is None else self._say(self._guard.close())
        rest = "" if self._restorer is None else self._restorer.close()
        self.restored += rest
        return said + rest

    def _say(self, text: str) -> str:
        self.text += text
        restored = text if self._restorer is None else self._restorer.feed(text)
        self.restored += restored
        return restored
