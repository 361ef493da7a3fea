"""The steps `guard` and `unscrub`: the way of an answer, with the rules of its exchange upon it."""

from gateway.answering import Refused
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.guards.editor import Blocked
from gateway.policy.guarding import Guarding
from gateway.wire.dialect import FAULT, TEXT, Watch
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import SignedEdit
from gateway.wire.passage import Passage


class Guarded:
    """A passage whose frames leave as the rules let them. Text that a rule still holds back is none yet, so nothing is committed."""

    def __init__(self, passage: Passage, x: Exchange, guarding: Guarding) -> None:
        self._passage = passage
        self._guarding = guarding
        self._editing = editing(x.dialect.name, x.streamed, guarding.edit_for)

    @property
    def watch(self) -> Watch:
        return self._passage.watch

    @watch.setter
    def watch(self, watch: Watch) -> None:
        self._passage.watch = watch

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        """Raises `Refused` where a rule blocks: nobody else is asked then, and the upstream is not to blame."""
        shown, seen = self._passage.feed(frames)
        try:
            shown = self._editing.feed(shown)
        except Blocked as blocked:
            raise Refused(self._guarding.blocked(blocked)) from None
        except SignedEdit:
            message = "A policy of this gateway forbids this answer, whose reasoning is signed and cannot be changed."
            raise Refused(GatewayError("policy_blocked", message)) from None
        if seen & TEXT and not seen & FAULT and not self._editing.released:
            seen &= ~TEXT
        return shown, seen
