"""The cache of one gateway: what was found for an exchange, and what of it is kept.

looked = await answers.look(x, principal, route)     None where the cache has no part in the exchange
looked.frames                                        the answer, if there is one, before guard and unscrub
await answers.keep(looked, x)                        once it has been answered by a model
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from msgspec.structs import replace

from gateway.cache import entry as kept
from gateway.cache.admission import did_otherwise, may_look, repeats, why_not_kept
from gateway.cache.complaints import Complaints, Given, Went
from gateway.cache.entry import Entry
from gateway.cache.flights import Flight, Flights, Key
from gateway.cache.purging import ALL, of_model, of_tenant, tagged
from gateway.cache.replay import as_frames, ids_of, renewed, rewritten, text_of
from gateway.cache.scope import Circumstances, Scope, scoped, that_change_answers, way
from gateway.cache.semantic import Candidate, Placing, Semantic
from gateway.cache.slots import slotted_answer
from gateway.cache.store import First, Store
from gateway.cache.tape import Tape
from gateway.cache.trails import Trail, Trails
from gateway.cache.waiting import Waiting
from gateway.cache.wishes import Wishes, wishes
from gateway.config.cache import Cache
from gateway.errors import GatewayError
from gateway.exchange import Cached, Exchange
from gateway.guards.placeholders import Held
from gateway.limits.keys import Principal
from gateway.limits.pricing import cost
from gateway.policy.behind import Behind
from gateway.policy.request import end_user
from gateway.routing.features import permits
from gateway.routing.routes import Route
from gateway.wire.frames import Frame

_LONGEST_NAME: Final = 200
_FREE: Final = 1  # what an answer without a price is worth


@dataclass(slots=True)
class Looked:
    """Of one exchange. `entry` is what was found, `frames` the same as its caller gets it; `tape` records a live answer.

    `place` is where its question stands in the semantic tier, `near` the answer to another one that was found there. `trail`
    is what can be told of all this later. `is_stale`: the time of `entry` is over.
    """

    scope: Scope
    wishes: Wishes
    way: bytes
    names: list[str]
    epochs: dict[str, int]
    tape: Tape
    trail: Trail
    entry: Entry | None = None
    frames: list[Frame] = field(default_factory=list)
    place: Placing | None = None
    near: Candidate | None = None
    is_stale: bool = False

    @property
    def key(self) -> Key:
        return self.scope.live, self.way


@dataclass(slots=True)
class Answers:
    """`wall` gives seconds since 1970. One store may serve many gateways."""

    settings: Cache
    store: Store
    wall: Callable[[], float]
    rng: Random
    semantic: Semantic | None = None
    trails: Trails = field(default_factory=Trails)
    flights: Flights = field(default_factory=Flights)
    waiting: Waiting | None = None
    renew: Callable[[Exchange, Looked], None] | None = None
    keeping: set[asyncio.Task[None]] = field(default_factory=set)
    complaints: Complaints = field(init=False)

    def __post_init__(self) -> None:
        self.complaints = Complaints(self.store, self.wall)

    async def complain(self, request_id: str, caller: str) -> Went:
        """Somebody says that the answer to this request was wrong, which was `caller`'s."""
        return await self.complaints.hear(request_id, caller, self.semantic)

    async def look(self, x: Exchange, principal: Principal, route: Route | None) -> Looked | None:
        """Says in `x.cached` what came of it. Raises `invalid_request` for a header that cannot be."""
        asked = wishes(x.headers)
        if x.body is None or x.target_path or x.behind is not None:
            return None
        trail = self._trail(x, principal, asked)
        looked = await self._looked(x, principal, route, asked, trail)
        if x.cached is not None:
            trail.status = x.cached.status
        if looked is not None and looked.place is not None:
            trail.threshold, trail.neighbours = looked.place.threshold, looked.place.seen
            trail.like_why = looked.place.why
        self.trails.looked[trail.status, trail.why] += 1
        if trail.slots:
            self.trails.slotted[trail.status] += 1
        return looked

    async def _looked(
        self, x: Exchange, principal: Principal, route: Route | None, asked: Wishes, trail: Trail
    ) -> Looked | None:
        why = "pinned" if x.pinned else "no_route" if route is None else ""
        if why or route is None or x.body is None or not permits(tuple(self.settings.models), x.model):
            trail.why = why or "model"
            return None
        if asked.mode == "bypass":
            x.cached, trail.why = Cached("bypass"), "asked"
            return None
        circumstances = self._circumstances(x, principal, route)
        scope = scoped(x.dialect, x.body, circumstances, self.settings.ignored_fields, self._held(x))
        if scope is not None:
            trail.made_of(scope.parts, scope.exact)
            trail.slots = len(scope.slots)
        if scope is None or not may_look(x.dialect.name, x.body, scope.request):
            x.cached, trail.why = Cached("bypass"), "unreadable" if scope is None else "stateful"
            return None
        names, refreshes = self._names(x, principal), asked.mode == "refresh"
        around = None if self.semantic is None else self.semantic.inside(scope)
        first = await self.store.first(names, None if refreshes else scope.exact, around)
        if first is None:
            x.cached, trail.why = Cached("miss"), "store_away"
            return None
        form = way(x.dialect, x.body, streamed=x.streamed, asked_usage=x.asked_usage, slots=scope.slots)
        tape = Tape(self.settings.answer_bytes)
        looked = Looked(scope, asked, form, names, dict(zip(names, first.epochs, strict=True)), tape, trail)
        why = "renews" if x.renews else "asked"
        trail.why = why if refreshes else await self._find(looked, x, first.value)
        if looked.entry is None:
            x.cached = Cached("miss")
            if self.semantic is not None:
                await self._find_like(self.semantic, looked, x, principal, first)
        return looked

    def shares(self, looked: Looked, x: Exchange) -> bool:
        """Whether this may be answered together with equal requests that are under way."""
        which = self.settings.single_flight
        if which == "never" or (looked.wishes.mode not in ("use", "exact") and not x.renews):
            return False
        return which == "always" or repeats(x.dialect.name, x.body or {})

    async def under_way(self, looked: Looked, now: float) -> Flight | None:
        """The call that an equal request has begun, if its answer may be this one's too. `now`: on the clock of flights."""
        most = looked.wishes.most_age
        while (flight := self.flights.find(looked.key)) is not None:
            if (most is not None and now - flight.began > most) or not await self._counts(flight.epochs, looked):
                return None
            if self.flights.find(looked.key) is flight:
                return flight
        return None

    def shared(self, looked: Looked, x: Exchange) -> None:
        """It got the answer that another has begun to ask for."""
        self._gave(looked, x, None)
        if x.cached is not None:
            self.trails.turned(looked.trail, x.cached.status, "under_way")

    async def keep(self, looked: Looked, x: Exchange) -> None:
        """Nothing that is not whole, clean, and the asked model's own. To its end, though the caller may be gone by then."""
        if why := why_not_kept(x, looked.tape):
            self._became(looked, why)
            return
        keeping = asyncio.create_task(self._put(looked, x))
        self.keeping.add(keeping)
        keeping.add_done_callback(self.keeping.discard)
        await asyncio.shield(keeping)

    def _became(self, looked: Looked, what: str) -> None:
        looked.trail.kept = what
        if what == "not_clean":
            self._compare_with_none(looked)
        self.trails.kept[what] += 1

    async def _put(self, looked: Looked, x: Exchange) -> None:
        self._became(looked, await self._keep(looked, x))

    def _compare_with_none(self, looked: Looked) -> None:
        """Where the model acted or refused, so that nothing is kept: evidence of kept answers alone would leave out the worst."""
        watch, near = looked.tape.watch, looked.near
        if near is None or self.semantic is None or watch is None:
            return
        if did_otherwise(watch.finish, looked.tape.raw):
            self.semantic.compare(near, looked.scope.question, None)

    async def _keep(self, looked: Looked, x: Exchange) -> str:
        """What became of it, in a word."""
        tape = looked.tape
        if tape.watch is None or x.served_by is None:
            return "too_large"
        streamed = x.form == "events"
        slotted = await slotted_answer(looked.scope.slots, tape.raw, x.dialect.name, streamed=streamed)
        if slotted is None:
            return "not_slots"
        epochs = await self._with_tags(looked)
        if epochs is None:
            return "store_away"
        usage, prices = tape.watch.usage, x.served_by.prices  # those of failed attempts are not saved again
        paid = cost(usage, prices) if usage is not None and prices is not None else None
        now = self.wall()
        seconds = self.settings.seconds * (1 - self.settings.jitter * self.rng.random())
        entry = Entry(
            dialect=x.dialect.name,
            streamed=streamed,
            way=looked.way,
            raw=slotted,
            ids=ids_of(tape.frames),
            stored=now,
            expires=now + seconds,
            usage=usage,
            cost_nanodollars=paid,
            served_by=x.served_by.label,
            provider=x.served_by.provider,
            tags=looked.wishes.tags,
            epochs=epochs,
        )
        place, question = looked.place, looked.scope.question
        placed = None if place is None or self.semantic is None else self.semantic.placed(place, question)
        if place is not None:
            entry = replace(entry, question=question)
        worth = float(paid or _FREE)
        lasts = seconds + self.settings.stale_seconds
        await self.store.put(looked.scope.exact, kept.encode(entry), lasts, worth, placed)
        self._gave(looked, x, now)
        if place is not None and placed is None and self.semantic is not None:
            self.semantic.place_later(place, question, looked.scope.exact, seconds)
        if looked.near is not None and self.semantic is not None:
            self.semantic.compare(looked.near, question, text_of(entry))
        return "kept"

    async def _find_like(
        self, semantic: Semantic, looked: Looked, x: Exchange, principal: Principal, first: First
    ) -> None:
        asker = Behind((), principal.team, principal.tags, 1) if x.guarding is None else x.guarding.asker
        place = semantic.placing(looked.scope, x.model, principal, asker)
        looked.trail.of_class = None if place is None else place.name
        if place is None or place.why:
            looked.trail.like_why = "no_class" if place is None else place.why
            return
        looked.place = place
        if looked.wishes.mode != "use":
            place.why = "exact" if looked.wishes.mode == "exact" else "asked"
            return
        if not first.holds:
            return

        async def valid(entry: Entry) -> bool:
            return self._is_young(entry, looked) and await self._counts(entry.epochs, looked)

        question = looked.scope.question
        found = looked.near = await semantic.find(place, question, principal.id, valid)
        if found is None:
            return
        if (filled := looked.scope.slots.given(found.entry)) is None:
            looked.near, place.why = None, "slots"
            return
        if found.serves and self._given(filled, looked, x):
            self.complaints.gave_like(x.id, found.hit)
            age = max(0.0, self.wall() - found.entry.stored)
            x.cached = Cached("semantic", age, found.hit.similarity, found.entry.cost_nanodollars)
        else:
            if found.serves:
                place.seen[-1].went = "unsayable"
            x.cached = Cached("shadow", similarity=found.hit.similarity)

    async def _find(self, looked: Looked, x: Exchange, stored: bytes | None) -> str:
        """Why not, in a word; empty if it was found, `stale` if it was and its time is over."""
        if stored is None:
            return "new"
        found = kept.decode(stored)
        if found is None:
            return "other_release"
        if not self._is_young(found, looked, self.settings.stale_seconds):
            return "old"
        if not await self._counts(found.epochs, looked):
            return "purged"
        if (filled := looked.scope.slots.given(found)) is None:
            return "slots"
        if not self._given(filled, looked, x):
            return "other_dialect"
        x.cached = Cached("hit", max(0.0, self.wall() - found.stored), None, found.cost_nanodollars)
        looked.is_stale = not self._is_young(found, looked)
        self._gave(looked, x, found.stored)
        return "stale" if looked.is_stale else ""

    def _held(self, x: Exchange) -> Mapping[str, Held] | None:
        """The values of this exchange, if its model is declared to answer independently of them."""
        declared = self.settings.value_independent
        return x.guarding.values_held() if x.guarding is not None and permits(tuple(declared), x.model) else None

    def _trail(self, x: Exchange, principal: Principal, asked: Wishes) -> Trail:
        trail = Trail(
            request_id=x.id,
            caller=principal.id,
            key=principal.name,
            model=x.model[:_LONGEST_NAME],
            dialect=x.dialect.name,
            time=self.wall(),
            mode=asked.mode,
            most_age=asked.most_age,
            tags=asked.tags,
        )
        self.trails.add(trail)
        return trail

    def _given(self, found: Entry, looked: Looked, x: Exchange) -> bool:
        """Whether this caller can be given that; if its dialect cannot say it, the model is asked, and that is kept."""
        try:
            looked.frames = self._frames(found, looked, x, int(self.wall()))
        except GatewayError:
            return False
        looked.entry = found
        return True

    def _gave(self, looked: Looked, x: Exchange, stored: float | None) -> None:
        if (principal := x.principal) is not None:
            own = self.settings.share in ("user", "key") or (self.settings.share != "global" and principal.team is None)
            self.complaints.gave(x.id, Given(looked.scope.exact, principal.id, stored, own))

    def _is_young(self, found: Entry, looked: Looked, more: float = 0.0) -> bool:
        """`more`: seconds for which it may be given when its time is over."""
        now, most = self.wall(), looked.wishes.most_age
        return found.expires + more > now and (most is None or now - found.stored <= most)

    def _frames(self, found: Entry, looked: Looked, x: Exchange, now: int) -> list[Frame]:
        if found.way == looked.way:
            return as_frames(renewed(found, now, fresh), streamed=found.streamed)
        request = looked.scope.request
        if request is None:
            raise GatewayError("unsupported_parameter", "This answer is only kept as another caller got it.")
        request.stream, request.include_usage = x.streamed, x.asked_usage
        return rewritten(found, x.dialect, request, now, fresh)

    async def _counts(self, under: Mapping[str, int], looked: Looked) -> bool:
        """Whether nothing has been purged since that an answer came under."""
        counted = dict(looked.epochs)
        if more := [name for name in under if name not in counted]:
            epochs = await self.store.epochs(more)
            if epochs is None:
                return False
            counted |= zip(more, epochs, strict=True)
        return all(counted[name] == epoch for name, epoch in under.items())

    async def _with_tags(self, looked: Looked) -> dict[str, int] | None:
        if not looked.wishes.tags:
            return looked.epochs
        names = [tagged(tag) for tag in looked.wishes.tags]
        epochs = await self.store.epochs(names)
        return None if epochs is None else {**looked.epochs, **dict(zip(names, epochs, strict=True))}

    def _names(self, x: Exchange, principal: Principal) -> list[str]:
        """What an entry can be purged by, besides its tags."""
        return [ALL, of_model(x.model), of_tenant(principal.team, principal.id)]

    def _circumstances(self, x: Exchange, principal: Principal, route: Route) -> Circumstances:
        targets = [
            f"{one.kind}/{one.provider}/{one.model}/{one.region}/{one.zone}" for one in route.groups[0].candidates
        ]
        return Circumstances(
            share=self._share(x, principal),
            rules=x.guarding.bound.digest if x.guarding is not None else "",
            route=(x.model, *sorted(targets)),
            headers=that_change_answers(x.dialect.name, x.headers),
        )

    def _share(self, x: Exchange, principal: Principal) -> tuple[str, ...]:
        """Whose answers these are."""
        share = self.settings.share
        if share == "global":
            return ("global",)
        if share in ("team", "tenant"):
            return ("team", of_tenant(principal.team, principal.id))
        return (share, principal.id, end_user(x.body or {}) if share == "user" else "")


def fresh() -> str:
    return secrets.token_hex(12)
