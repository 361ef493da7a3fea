"""The rules of one exchange at work: what of its request goes to the model, and what of the answer goes to the caller.

    Ready     a `Bound` made ready to look, once
    Guarding  one exchange: `screened` on the way in, `edit_for` each lane on the way out

Nothing personal outlives the exchange: the values are in the request, their placeholders are worked out from them.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from gateway.errors import GatewayError
from gateway.guards.check import Check, Said, Setting, understood
from gateway.guards.editor import FAILED, Blocked, Editor, Looking, Rule, Spans, fail
from gateway.guards.finding import Finding
from gateway.guards.fold import squeezed
from gateway.guards.placeholders import Held, KeyRing, Known, Minter
from gateway.guards.restoring import Restorer
from gateway.guards.segments import Window, Windows
from gateway.guards.sinks import Grants, Sinks
from gateway.guards.verdicts import Verdicts
from gateway.policy.actions import Block, Fallback, Reask, Route, Tokenize
from gateway.policy.behind import Behind, as_shown
from gateway.policy.bind import Binder, Bound, Facts
from gateway.policy.blocking import PolicyBlocked, StartOver
from gateway.policy.chain import Strings, chained
from gateway.policy.gathering import gathered, gathered_by
from gateway.policy.kinds import INPUT, Guarantee
from gateway.policy.placeholder_map import MOST, Granted, PlaceholderMap
from gateway.policy.ready import Asked, Ready
from gateway.policy.request import declared_tools, demanded_form, widen
from gateway.policy.structs import Out
from gateway.policy.timings import Timings
from gateway.wire.lanes.lane import Edit, Lane
from gateway.wire.lanes.place import Inside, Place, Role
from gateway.wire.lanes.places import places

log = logging.getLogger("haechi")

AT_ONCE: Final = 32 * 1024
"""Characters of a request up to which it is scanned on the event loop: some two milliseconds."""
SEGMENTS_AT_ONCE: Final = 8
"""Of one answer, that checks look at at the same time."""
WITHHELD: Final = "A policy of this gateway forbids this {side}."
_MOST_READY: Final = 256
_OF_THE_VENDOR: Final = frozenset({"signed"})
"""Unreadable, and never refused: it was written by the very account that it goes back to, which only saw placeholders."""
_READ_ALL_THE_SAME: Final = frozenset({"encrypted", "unknown"})
"""Of an answer, and never refused: what only the vendor can read and did write, and fields that nobody knows, whose text rules see."""
_WORTH_REMEMBERING: Final = 200


class Guards:
    """The policies of one configuration, ready for every exchange. `keys` are those of placeholders, `checks` by digest of detector."""

    def __init__(self, binder: Binder, keys: KeyRing, checks: Mapping[str, Check]) -> None:
        self.binder = binder
        self.keys = keys
        self.checks = checks
        self._ready = lru_cache(_MOST_READY)(lambda bound: Ready(bound, checks))

    def over(
        self, facts: Facts, asked: str | None, subject: "Subject", behind: Behind | None = None
    ) -> "Guarding | None":
        """None where no rule applies. `asked` is the header by which a caller adds policies; raises `invalid_request` for it."""
        if behind is None:
            bound = self.binder.bound(facts, self.binder.asked_for(asked))
            depth = 0
        else:
            bound = as_shown(self.binder.bound(facts, behind.policies))
            depth = behind.depth
        if not bound:
            return None
        asker = Behind(tuple(name for name, _ in bound.policies), facts.team, facts.tags, depth + 1)
        return Guarding(self._ready(bound), self.keys, subject, asker)

    def warm(self, every: Iterable[Facts]) -> None:
        """Makes ready what requests like these will need: compiling a policy's patterns takes a tenth of a second."""
        for bound in {self.binder.bound(facts, ()) for facts in every}:
            self._ready(bound).warm()


def _is_no_sink(lane: Lane) -> bool:
    """Addresses, and what citations and tools of the vendor quote: nobody granted these anything."""
    return isinstance(lane.tool, str) and (lane.tool in ("url", "quoted") or lane.tool.startswith("hosted"))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose values these are: `owner` is the caller's key, `team` its team, `user` the end user that the request names."""

    owner: str
    team: str | None
    user: str


class _Unseen(NamedTuple):
    """A place of a request that rules look at, the `at`th of all. `text` is as they see it; `digest` is what it is remembered by, if it is worth that."""

    at: int
    place: Place
    looking: Looking
    text: str
    digest: bytes | None


class Guarding:
    """Of one exchange. `verdicts` fills as rules speak. `asker`: for whom a model is asked about what it says."""

    def __init__(self, ready: Ready, keys: KeyRing, subject: Subject, asker: Behind) -> None:
        self.verdicts = Verdicts()
        self._ready = ready
        self._keys = keys
        self._subject = subject
        self.asker = asker
        self._conversation = ""
        self._scopes: dict[str, Minter] = {}
        self._known = Known(self)
        self._grants: dict[str, frozenset[str]] = {}
        self._granted: dict[tuple[str, str], Granted] = {}  # by kind and value, those of earlier turns too
        self._screened_by = (
            self.bound.digest
        )  # the turns before this one; empty if not all of them were by the same rules
        self._setting = Setting()
        self._check_failed = False
        self.timings = Timings()  # of checks
        self.held: int | None = None  # characters of the answer that waited for checks at once, at most

    @property
    def bound(self) -> Bound:
        return self._ready.bound

    @property
    def checks_answers(self) -> bool:
        """Whether answers have to be complete before anything of them goes out."""
        return self._ready.checks_answers

    @property
    def guarantee(self) -> Guarantee | None:
        """When something of an answer goes out, by the rule that waits longest. None where no rule looks at answers."""
        return self._ready.guarantee

    async def screened(self, dialect: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body that may go upstream: the same object if no rule changes it. Raises `policy_blocked`, naming the field."""
        inside = places(dialect, body)
        self._look_at_opaque(inside)
        untrusted = any(one.role == "tool_result" for one in inside.places)
        self._setting = Setting(
            declared_tools(body), demanded_form(body), untrusted, depth=self.asker.depth - 1, asker=self.asker
        )
        self._conversation = next((one.text for one in inside.places if one.role == "user"), "")
        at_once = sum(len(one.text) for one in inside.places) <= AT_ONCE
        unseen = self._unseen(inside.places) if at_once else await asyncio.to_thread(self._unseen, inside.places)
        more = await self._checked(unseen)
        if at_once:
            texts = self._rewritten(inside.places, unseen, more)
        else:
            texts = await asyncio.to_thread(self._rewritten, inside.places, unseen, more)
        if not texts and not len(self._known):
            return body
        changed = deepcopy(body)
        places(dialect, changed).rewrite(texts)
        if self._grants:
            widen(changed, self._grants)
        return changed

    def recall(self, earlier: PlaceholderMap | None) -> None:
        """What is known of the turns before this one, which it does not bring itself; None if it has any and nothing is known.

        A value that no rule of now stands for is only passed on.
        """
        self._screened_by = earlier.rules if earlier is not None else ""
        if earlier is None:
            return
        rules = {one.key: one.deed for one in self.bound.rules if one.is_enforced and isinstance(one.deed, Tokenize)}
        for one in earlier.values:
            self._granted[one.kind, one.value] = one
            if (deed := rules.get((one.policy, one.rule))) is not None:
                self._known.recall(one.kind, one.value, one.placeholder)
                self._grant(one.kind, deed)
        self._setting = Setting(dict.fromkeys(earlier.tools))

    def placeholders(self) -> PlaceholderMap:
        """What the next turn has to know."""
        rules = self.bound.digest if self._screened_by == self.bound.digest else ""
        return PlaceholderMap(list(self._granted.values())[-MOST:], list(self._setting.tools), rules)

    def values_held(self) -> Mapping[str, Held]:
        """All values that could be put back into the answer, by the ten characters of their placeholders."""
        return self._known.by_code()

    def unread(self, what: str, role: Role = "user", where: str | None = None) -> None:
        """Something came that nobody can read. Raises `policy_blocked` where a rule of such a place refuses that."""
        if role in self.bound.unreadable_refused and what not in _OF_THE_VENDOR:
            self.verdicts.refuse(what, role, where)
            message = f"This request holds what no policy can read ({what}), and a policy refuses that."
            raise GatewayError("policy_blocked", message, param=where)
        if self._ready.looking(role):
            self.verdicts.leave(what, where)

    def unread_in_answer(self, what: str) -> GatewayError | None:
        """Something came back that nobody can read. The `policy_blocked` where a rule of such a place refuses that."""
        places: Sequence[Out] = ("content", "tool_args") if what == "hosted_tool" else ("content",)
        refused = next((one for one in places if one in self.bound.unreadable_refused), None)
        if refused is not None and what not in _READ_ALL_THE_SAME:
            self.verdicts.refuse(what, refused, None)
            message = f"This answer holds what no policy can read ({what}), and a policy refuses that."
            return GatewayError("policy_blocked", message)
        if self._ready.looks_at_answers:
            self.verdicts.leave(what)
        return None

    def guard_for(self, lane: Lane, verdicts: Verdicts | None = None) -> Editor | None:
        """What looks for patterns in this lane of the answer; its `verdicts` are those of the exchange unless others are given."""
        looking = self._ready.looking(lane.kind)
        verdicts = self.verdicts if verdicts is None else verdicts
        return Editor(looking, verdicts.at(lane.kind, lane)) if looking else None

    def restorer_for(self, lane: Lane) -> Edit | None:
        """What puts values back into this lane."""
        if not len(self._known) or _is_no_sink(lane):
            return None
        grants = Grants(self._grants, frozenset())
        kinds = frozenset(one for one in self._grants if grants.may(one, lane.kind, lane.name in self._setting.tools))
        if lane.kind == "tool_args":
            return Strings(self._known, kinds)
        return Restorer(self._known, Sinks(), kinds)

    def edit_for(self, lane: Lane) -> Edit | None:
        """Both. None where nothing looks at the lane."""
        return chained(self.guard_for(lane), self.restorer_for(lane))

    async def checked(self, lane: Lane, text: str, restored: str) -> Edit | None:
        """What the checks make of a lane that is complete. Raises `Blocked`."""
        looking = self._ready.looking(lane.kind)
        if not looking:
            return None
        findings = await self._ask(looking, Said(lane.kind, text, restored, lane.name, self._setting))
        if (windows := self.windows_for(lane)) is not None:
            several = [*windows.feed(text), *windows.close()]
            for found in await gathered_by(SEGMENTS_AT_ONCE, (self.found_in(lane, one) for one in several)):
                findings += found
        return Spans(findings, looking, self.verdicts.at(lane.kind, lane))

    def windows_for(self, lane: Lane) -> Windows | None:
        """What cuts this lane into what checks of segments look at; None where there are none."""
        sizes = self._ready.sizes(lane.kind)
        return None if sizes is None else Windows(sizes)

    async def found_in(self, lane: Lane, window: Window) -> list[Finding]:
        """What the checks of segments find in one, in characters of the lane. Raises `Blocked` where one fails."""
        looking = self._ready.looking(lane.kind)
        assert looking
        said = Said(lane.kind, window.text, window.text, lane.name, self._setting)
        asked = self._ready.asked_of_pieces(lane.kind)
        found = await gathered(self._answer(one, looking, said) for one in asked)
        return window.findings([finding for findings in found for finding in findings])

    def judged(self, lane: Lane, window: Window, findings: Sequence[Finding]) -> str:
        """What of the segment may go on. Raises `Blocked`."""
        looking = self._ready.looking(lane.kind)
        assert looking
        edit = Spans(findings, looking, self.verdicts.at(lane.kind, lane), window.start)
        return edit.feed(window.text[window.fresh :])

    def blocked(self, error: Blocked, where: str | None = None) -> GatewayError:
        """What the caller is told: which rule, where, and nothing of the text. A `StartOver` where that is what the rule asks for."""
        rule = error.rule
        deed = rule.settings
        side = "request" if error.place in INPUT else "answer"
        message = deed.message if isinstance(deed, Block) and deed.message else WITHHELD.format(side=side)
        told = PolicyBlocked(f"{message} (rule {rule.policy}/{rule.id})", where, message)
        if isinstance(deed, Block):
            told.status = deed.status or told.status
            told.refuses = deed.refuse
        if isinstance(deed, Reask | Fallback | Route) and error.kind != FAILED:
            return StartOver(told, deed, (rule.policy, rule.id), error.kind)
        return told

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Headers that rules with `annotate` ask for, by name: the rules that found something."""
        found: dict[str, dict[str, None]] = {}
        headers = {rule.key: rule.deed.header for rule in self.bound.rules if rule.word == "annotate"}  # type: ignore[union-attr]
        for verdict, _ in self.verdicts:
            if verdict.effect == "annotate" and verdict.said == "enforced":
                header = headers[verdict.policy, verdict.rule]
                found.setdefault(header, {})[f"{verdict.policy}/{verdict.rule}"] = None
        return [(name, ", ".join(rules)) for name, rules in found.items()]

    def spellings(self, kind: str, surface: str, again: int) -> Sequence[str]:
        """See `placeholders.Mints`: each kind in the scope that its rule gives it."""
        return self._scopes[kind].spellings(kind, surface, again)

    def _unseen(self, found: Sequence[Place]) -> list["_Unseen"]:
        """What has to be looked at: where rules look at all, and have not looked at this very text before."""
        unseen: list[_Unseen] = []
        for index, place in enumerate(found):
            looking = self._ready.looking(place.role)
            if not looking:
                continue
            digest = self._ready.digest(place) if len(place.text) >= _WORTH_REMEMBERING else None
            if digest is None or not self._ready.is_clean(digest):
                unseen.append(_Unseen(index, place, looking, squeezed(place.text)[0], digest))
        return unseen

    async def _checked(self, unseen: Sequence["_Unseen"]) -> dict[int, list[Finding]]:
        """What the checks find, by place, all of them at the same time. Raises `policy_blocked` where one fails."""

        async def found_in(one: _Unseen) -> tuple[int, list[Finding]]:
            try:
                said = Said(one.place.role, one.text, one.text, setting=self._setting)
                return one.at, await self._ask(one.looking, said)
            except Blocked as blocked:
                raise self.blocked(blocked, one.place.path) from None

        return dict(await gathered(found_in(one) for one in unseen if self._ready.asked(one.place.role)))

    async def _ask(self, looking: Looking, said: Said) -> list[Finding]:
        found = await gathered(self._answer(asked, looking, said) for asked in self._ready.asked(looking.place))
        return [finding for findings in found for finding in findings]

    async def _answer(self, asked: Asked, looking: Looking, said: Said) -> list[Finding]:
        try:
            with self.timings.of(asked.detector, looking.place in INPUT) as timing:
                async with asyncio.timeout(asked.seconds):
                    found = await asked.check.look(said)
                    timing.found += len(found)
                    return [understood(one, said.text, asked.detector) for one in found]
        except Exception as error:  # noqa: BLE001 - a detector is anybody's code; whatever it raises, the rule's `on_error` decides
            log.warning("a detector of place %s failed: %s", looking.place, type(error).__name__)
            self._check_failed = True
            fail(looking, looking.rules_of(asked.detector), self.verdicts)
            return []

    def _rewritten(
        self, found: Sequence[Place], unseen: Sequence["_Unseen"], more: Mapping[int, list[Finding]]
    ) -> dict[int, str]:
        texts = self._first_pass(unseen, more)
        if len(self._known):
            self._second_pass(found, texts)
        return texts

    def _first_pass(self, unseen: Sequence["_Unseen"], more: Mapping[int, list[Finding]]) -> dict[int, str]:
        texts: dict[int, str] = {}
        for at, place, looking, kept, digest in unseen:
            said = self.verdicts.total
            try:
                heard = self.verdicts.at(place.role, place.path)
                text = Editor(looking, heard, self._mint).edited(kept, more.get(at, ()))
            except Blocked as blocked:
                raise self.blocked(blocked, place.path) from None
            if text != place.text:
                texts[at] = text
            elif digest is not None and said == self.verdicts.total and not self._check_failed:
                self._ready.remember_clean(digest)
        return texts

    def _second_pass(self, found: Sequence[Place], texts: dict[int, str]) -> None:
        """A value that was recognised once, by its context say, stays nowhere else in the request."""
        for index, place in enumerate(found):
            text = texts.get(index, place.text)
            if (replaced := self._known.replace_everywhere(text)) != text:
                texts[index] = replaced

    def _look_at_opaque(self, inside: Inside) -> None:
        for one in inside.opaque:
            if one.path != "previous_response_id" or self._screened_by != self.bound.digest:
                self.unread(one.what, one.role, one.path)

    def _mint(self, rule: Rule, kind: str, value: str) -> str:
        deed = rule.settings
        assert isinstance(deed, Tokenize)
        if kind not in self._scopes:
            self._scopes[kind] = Minter(self._keys, self._scope(deed.linkable_within))
        self._grant(kind, deed)
        placeholder = self._known.add(kind, value)
        self._granted[kind, value] = Granted(kind, value, placeholder, rule.policy, rule.id)
        return placeholder

    def _grant(self, kind: str, deed: Tokenize) -> None:
        sinks = frozenset[str](deed.restore_into)
        self._grants[kind] = self._grants.get(kind, sinks) & sinks

    def _scope(self, within: str) -> bytes:
        subject = self._subject
        parts = {
            "tenant": (subject.team or subject.owner,),
            "user": (subject.owner, subject.user),
            "conversation": (subject.owner, subject.user, self._conversation),
        }[within]
        said = "".join(f"{len(part)}:{part}" for part in (within, *parts))
        return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=32).digest()
