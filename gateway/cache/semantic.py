"""The semantic tier: an answer to a question that is like the one that is asked, inside the scope of this request.

eligible → nearest neighbours in scope → veto → threshold → certificate → serve

What passes all but the certificate is a would-be hit: the model is asked all the same, and the two answers are compared.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import zip_longest
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from gateway.cache import entry as kept
from gateway.cache.books import UNCOUNTED, Books, Finding, How, subject_of
from gateway.cache.certify import THRESHOLDS
from gateway.cache.classes import LONGEST_ANSWER, class_of, unlike
from gateway.cache.confirmed import Confirmed, name_of
from gateway.cache.embedder import Embedder, Embedding, Unembedded
from gateway.cache.entry import Entry
from gateway.cache.marks import Against, Marks
from gateway.cache.scope import Scope
from gateway.cache.store import Near, Placed, Store
from gateway.cache.trails import Neighbour
from gateway.config.cache import Cache, CacheClass
from gateway.limits.keys import Principal

NEIGHBOURS: Final = 4
_MOST_REVIEWS: Final = 32
_MOST_PLACED: Final = 256
"""Answers whose question waits for its vector."""


class Review(Protocol):
    """Whether the second answer is wrong for the first question; None where it cannot tell."""

    def __call__(self, one: "CacheClass", said: "Compared", /) -> Awaitable[bool | None]: ...


@dataclass(frozen=True, slots=True, repr=False)
class Compared:
    """Two questions and their answers; `stored` is what would have been given for `asked`. `asker`: as of an `Embedder`."""

    asked: str
    live: str
    stored: str
    kept: str
    asker: Any = None


class Room(Protocol):
    """Where pairs wait for people (`gateway.cache.waiting`)."""

    def put(self, found: "Candidate", said: "Compared", /) -> None: ...


class Hit(NamedTuple):
    """Which entry met which question, and for whom: what is remembered of an answer that was given, without its texts.

    `name`, `declared` and `of` are those of the class. `confirmation`: the name of one by the judge, empty where its class promotes nothing.
    """

    name: str
    declared: CacheClass
    of: str
    key: bytes
    pair: bytes
    similarity: float
    caller: str
    confirmation: bytes = b""


@dataclass(slots=True, repr=False)
class Candidate:
    """A kept answer to another question. `serves`: it may be given; `audited`: it might have been, and is compared instead.

    `asker`: for whom a model may be asked about it. `confirmed`: that the judge has is why it serves, or is audited.
    """

    hit: Hit
    entry: Entry
    against: Against
    asker: Any = None
    serves: bool = False
    audited: bool = False
    confirmed: bool = False


@dataclass(slots=True, repr=False)
class Placing:
    """Where a question stands, for whoever keeps its answer. `why` says in a word what kept it from being answered.

    `asker`: for whom a model may be asked. `seen`: the neighbours that were looked at; `threshold`: that of the certificate.
    """

    name: str
    declared: CacheClass
    scope: bytes
    of: str
    asker: Any = None
    vector: Any = None
    why: str = ""
    seen: list[Neighbour] = field(default_factory=list)
    threshold: float | None = None


Vetoes = Callable[[str, str, str], Sequence[tuple[str, str]]]
"""Reasons why an answer to the second question, the third text, may not be given for the first."""


class Semantic:
    """What all exchanges share. `texts` reads what an entry says; `wall` gives seconds since 1970."""

    def __init__(
        self,
        settings: Cache,
        store: Store,
        books: Books,
        embedder: Embedder,
        vetoes: Vetoes,
        review: Review,
        texts: Callable[[Entry], str],
        rng: Random,
        room: Room | None = None,
    ) -> None:
        self.uncounted: Counter[str] = Counter()
        self.marks = Marks(store)
        self.confirmed = Confirmed(store)
        self._settings = settings
        self._store = store
        self._books = books
        self._embedder = embedder
        self._vetoes = vetoes
        self._review = review
        self._texts = texts
        self._rng = rng
        self._room = room
        self._reviewing: set[asyncio.Task[None]] = set()
        self.unplaced = 0
        self._placing: set[asyncio.Task[None]] = set()

    def placing(self, scope: Scope, model: str, principal: Principal, asker: Any) -> Placing | None:
        """None where this request has no part in the semantic tier."""
        found = class_of(self._settings, model, principal)
        inside = self.inside(scope)
        if found is None or inside is None or scope.request is None or not self._store.semantic:
            return None
        name, declared = found
        by = self._embedder.id
        place = Placing(name, declared, inside, subject_of(declared, by), asker)
        place.why = unlike(scope.request, scope.question, declared, self._settings.share) or ("" if by else "no_vector")
        return place

    def inside(self, scope: Scope) -> bytes | None:
        """The name of its vectors. None where it can have none."""
        if scope.around is None:
            return None
        return blake2b(scope.around + self._embedder.id.encode(), digest_size=len(scope.around)).digest()

    async def find(
        self,
        place: Placing,
        question: str,
        caller: str,
        valid: Callable[[Entry], Awaitable[bool]],
    ) -> Candidate | None:
        """The nearest that passes, whether or not it may be given. None also where the time is over."""
        try:
            async with asyncio.timeout((self._settings.semantic.deadline_ms if self._settings.semantic else 0) / 1000):
                return await self._found(place, question, caller, valid)
        except TimeoutError:
            place.why = "late"
        except Unembedded:
            place.why = "no_vector"
        return None

    async def _found(
        self, place: Placing, question: str, caller: str, valid: Callable[[Entry], Awaitable[bool]]
    ) -> Candidate | None:
        place.vector = await self._embedder.embed(question, place.asker, hurried=True)
        nearest = await self._store.near(Placed(place.scope, place.vector), NEIGHBOURS)
        values = await self._store.get_all([one.key for one in nearest if one.similarity >= THRESHOLDS[-1]])
        if values is None:
            place.why = "store_away"
            return None
        for near, stored in zip_longest(nearest, values):
            met = Neighbour(near.similarity, "unlike")
            place.seen.append(met)
            if near.similarity < THRESHOLDS[-1]:
                break
            if stored is None:
                await self._store.unplace(near.key, place.scope)
            entry = None if stored is None else kept.decode(stored)
            if entry is None or not entry.question:  # gone, or kept by another release: then it is no business of ours
                met.went = "gone"
                continue
            if not await valid(entry):
                met.went = "old"
                continue
            if (found := await self._passing(place, question, caller, near, entry, met)) is not None:
                place.why = ""
                met.went = _went(found)
                return found
        return None

    async def _passing(
        self, place: Placing, question: str, caller: str, near: Near, entry: Entry, met: Neighbour
    ) -> Candidate | None:
        """None where something speaks against it, which `met` tells."""
        answer, pair = self._texts(entry), pair_of(question, entry.question)
        if len(answer) > LONGEST_ANSWER:
            met.went = "long"
            return None
        if reasons := self._vetoes(question, entry.question, answer):
            place.why = met.went = "veto"
            met.vetoes = [" ".join(one).strip() for one in reasons]
            return None
        against = await self.marks.against(near.key, pair)
        if against is None:
            met.went = "complaints"
            return None
        met.complaints = against.complaints
        confirmation = b""
        if place.declared.promote:
            confirmation = name_of(place.scope, place.of, question, entry.question, answer, entry.epochs)
        hit = Hit(place.name, place.declared, place.of, near.key, pair, near.similarity, caller, confirmation)
        return await self._judged(place, Candidate(hit, entry, against, place.asker))

    async def _judged(self, place: Placing, found: Candidate) -> Candidate:
        hit, against = found.hit, found.against
        threshold = place.threshold = await self._books.threshold(hit.name, hit.of, hit.caller)
        if hit.declared.serve != "certified" or against.quarantined:
            return found
        if threshold is None or hit.similarity < threshold + against.more:
            found.confirmed = not against.complaints and await self._is_confirmed(hit)
            if not found.confirmed:
                return found
        found.audited = self._rng.random() < hit.declared.audit
        found.serves = not found.audited
        return found

    async def _is_confirmed(self, hit: Hit) -> bool:
        """By the judge, for this very question and answer, where what it confirms may serve."""
        if not hit.confirmation or not await self._books.confirms(
            hit.name, hit.declared, hit.of, hit.similarity, hit.caller
        ):
            return False
        return await self.confirmed.holds(hit.confirmation)

    def placed(self, place: Placing, question: str) -> Placed | None:
        """None where there is no vector at hand: then `place_later`."""
        if place.vector is None:
            place.vector = self._embedder.at_hand(question, place.asker)
        return None if place.vector is None else Placed(place.scope, place.vector)

    def place_later(self, place: Placing, question: str, key: bytes, seconds: float) -> None:
        """In the background: nobody's answer waits for it. More than some at once are dropped and counted."""
        if len(self._placing) >= _MOST_PLACED:
            self.unplaced += 1
            return
        task = asyncio.get_running_loop().create_task(self._place(place, question, key, seconds))
        self._placing.add(task)
        task.add_done_callback(self._placing.discard)

    async def _place(self, place: Placing, question: str, key: bytes, seconds: float) -> None:
        try:
            vector = await self._embedder.embed(question, place.asker)
        except Unembedded:
            self.unplaced += 1
            return
        await self._store.place(key, Placed(place.scope, vector), seconds)

    def embedding(self) -> Embedding:
        return self._embedder.figures()

    def compare(self, found: Candidate, question: str, live: str | None) -> None:
        """In the background: what was kept against what the model says now. More than a few at once are dropped and counted.

        `live` is None where the model called a tool or refused: what would have been given is wrong then.
        """
        if not found.audited and not found.against.quarantined and self._rng.random() >= found.hit.declared.review:
            return
        if len(self._reviewing) >= _MOST_REVIEWS:
            self.uncounted["busy"] += 1
            return
        said = None
        if live is not None:
            said = Compared(question, live, found.entry.question, self._texts(found.entry), found.asker)
        task = asyncio.get_running_loop().create_task(self._compared(found, said))
        self._reviewing.add(task)
        task.add_done_callback(self._reviewing.discard)

    async def _compared(self, found: Candidate, said: Compared | None) -> None:
        hit = found.hit
        if said is not None and await self._was_counted(found):
            self.uncounted["twice"] += 1
            return
        if said is not None and hit.declared.reviewer == "people" and said.live.strip() != said.kept.strip():
            if self._room is not None:
                self._room.put(found, said)
            return
        wrong = True if said is None else await self._review(hit.declared, said)
        if wrong is None:
            self.uncounted["no_verdict"] += 1
            return
        await self._settle(found, wrong=wrong)

    async def reviewed(self, found: Candidate, *, wrong: bool, by: str) -> str:
        """What became of the verdict of a person, as `Books.count` says. `late` also where its class is another one by now."""
        tier = self._settings.semantic
        declared = None if tier is None else tier.classes.get(found.hit.name)
        if declared is None or subject_of(declared, self._embedder.id) != found.hit.of:
            self.uncounted["late"] += 1
            return "late"
        return await self._settle(found, wrong=wrong, by=by)

    async def _settle(self, found: Candidate, *, wrong: bool, by: str = "") -> str:
        hit, against = found.hit, found.against
        said = await self._count(hit, "audit" if found.audited else "review", wrong=wrong, by=by)
        if wrong:
            await self.marks.complain(hit.key, hit.pair)
            await self.confirmed.drop(hit.confirmation)
            return said
        if against.quarantined:
            await self.marks.clear(hit.key, against.complaints)
        if hit.confirmation:
            await self.confirmed.add(hit.confirmation, float(found.entry.cost_nanodollars or 1))
        return said

    async def _was_counted(self, found: Candidate) -> bool:
        """In another scope, say: then no judge need be paid again, unless its verdict is of use to more than the evidence."""
        hit = found.hit
        if found.audited or found.against.quarantined or hit.confirmation:
            return False
        return await self._books.has_counted(hit.name, hit.of, hit.pair)

    async def _count(self, hit: Hit, how: How, *, wrong: bool, by: str = "") -> str:
        one = Finding(hit.pair, hit.caller, hit.similarity, wrong, how, by)
        said = await self._books.count(hit.name, hit.declared, hit.of, one)
        if said in UNCOUNTED:
            self.uncounted[said] += 1
        return said

    async def complain(self, hit: Hit) -> bool:
        """Somebody says that what was given is wrong. Whether that is written down."""
        said = await self.marks.complain(hit.key, hit.pair)
        if said == "told":
            await self.confirmed.drop(hit.confirmation)
            await self._count(hit, "complaint", wrong=True)
        return said != "lost"

    async def drain(self) -> None:
        """Waits for what is under way in the background."""
        if under_way := self._reviewing | self._placing:
            await asyncio.wait(under_way)


def _went(found: Candidate) -> str:
    """A key of `explain`'s words."""
    if found.against.quarantined:
        return "quarantined"
    if found.audited:
        return "audited"
    return "shadow" if not found.serves else "confirmed" if found.confirmed else "served"


def pair_of(asked: str, stored: str) -> bytes:
    """The same whichever was asked first."""
    one, other = sorted((asked, stored))
    said = f"{len(one)}:{one}{other}".encode("utf-8", "surrogatepass")
    return blake2b(said, digest_size=12).digest()
