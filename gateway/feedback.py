"""Feedback on answers: whose it is, what is kept of it, and whom it reaches (ledger, cache, metrics, trace).

    Desk.take(setup, asker, posted) -> Feedback       raises GatewayError

It is kept before it is answered, so whoever hears nothing says it again; the same said twice counts once.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace as with_fields

from gateway.config.feedback import Rating
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.limits.keys import Principal
from gateway.record.feedback import SOURCES, Feedback, NotSaid, digest_of, id_of, reading
from gateway.record.metrics import Metrics
from gateway.record.recent import Answered, By, Recent, answered
from gateway.setup import Setup
from gateway.store.shelf import Away
from gateway.words import as_kept

_MOST_SEEN: Final = 10_000
_MOST_NAME: Final = 200
_NOT_HERE: Final = "Nothing is known of a request of this id, or it is not yours. One that has just been made may be known in a moment."


class Posted(Struct, forbid_unknown_fields=True, kw_only=True):
    """What came. One of the three ids, or none with a token. `id`: what the caller knows this feedback by."""

    value: bool | int | float | str
    id: str | None = None
    request_id: str | None = None
    response_id: str | None = None
    conversation_id: str | None = None
    metric: str = "thumbs"
    comment: str | None = None
    correction: str | None = None
    source: str = "user"


class Asker(NamedTuple):
    """Who says it: by a key, or by the token of one request, which is a request of `principal`."""

    principal: Principal
    token_of: str | None = None


class Ledger(Protocol):
    """Where feedback is kept. Every method may raise `Away`."""

    async def find(self, by: By, name: str, key: str | None) -> Answered | None:
        """The last request of that name; of this key, if one is given. Its `owner` is not known."""
        ...

    async def add_feedback(self, one: Feedback) -> Feedback:
        """What stands there under its id: this, or what was there before."""
        ...

    async def feedback_of(self, request_id: str) -> list[Feedback]: ...


class Told(NamedTuple):
    """`stored`: in the ledger."""

    feedback: Feedback
    stored: bool


@dataclass(slots=True)
class Desk:
    """`under_way` finds requests that are not over yet; `ledger` is None where there is none; `tell` passes on what is for traces.

    `seen`: the last ones, by id; None for one of which nobody can tell whether the ledger has it.
    """

    recent: Recent
    metrics: Metrics
    wall: Callable[[], float]
    under_way: Callable[[str], Exchange | None] = lambda _: None
    ledger: Ledger | None = None
    tell: Callable[[Feedback], None] = lambda _: None
    seen: OrderedDict[str, Feedback | None] = field(default_factory=OrderedDict)
    by_token: Counter[str] = field(default_factory=Counter)

    async def take(self, setup: Setup, asker: Asker, posted: Posted, name: str | None) -> Told:
        """`name`: what the caller knows this feedback by, if the body does not say. Raises GatewayError."""
        rating = _rating(setup, posted)
        _check_size(setup, posted)
        about = await self._about(setup, asker, posted, rating)
        one = await self._made(setup, asker, about, posted, rating, posted.id or name)
        if one.id in self.seen and (before := self.seen[one.id]) is not None:
            return Told(_same(before, one), self.ledger is not None)
        self._count_token(setup, asker.token_of)
        is_new = False
        try:
            kept = await self._kept(one)
            is_new = kept is one or self.seen.get(one.id, one) is None
        finally:
            if not is_new:
                self._uncount_token(asker.token_of)
        self._see(one.id, kept)
        if is_new:
            await self._pass_on(setup, about, kept, rating)
        return Told(_same(kept, one), self.ledger is not None)

    async def said_of(self, setup: Setup, principal: Principal, request_id: str) -> list[Feedback]:
        """All that was said of one of the caller's requests. Raises `not_found` where that is not kept."""
        if self.ledger is None:
            raise GatewayError("not_found", "Feedback is kept where there is a ledger; there is none here.")
        about = await self._found(setup, "request_id", request_id, None)
        if about is None or not _may(principal, about):
            raise GatewayError("not_found", _NOT_HERE)
        try:
            return await self.ledger.feedback_of(request_id)
        except Away:
            raise _away() from None

    async def _about(self, setup: Setup, asker: Asker, posted: Posted, rating: Rating) -> Answered:
        """The request that is meant; of a conversation, the last one."""
        given = [one for one in (posted.request_id, posted.response_id, posted.conversation_id) if one is not None]
        if len(given) != 1 and not (asker.token_of is not None and not given):
            raise GatewayError("invalid_request", "Give one of `request_id`, `response_id` and `conversation_id`.")
        if rating.level == "response" and posted.conversation_id is not None:
            message = f"`{posted.metric}` is about one answer: give `request_id` or `response_id`."
            raise GatewayError("invalid_request", message, param="conversation_id")
        found: Answered | None
        if asker.token_of is not None:
            found = await self._found(setup, "request_id", asker.token_of, None)
            found = found or _unknown(asker.token_of, asker.principal)
            if given and given[0] not in (found.request_id, found.response_id, found.conversation):
                raise GatewayError("not_found", _NOT_HERE)
        else:
            whose = None if asker.principal.admin else asker.principal.name
            by: By = "request_id"
            if posted.request_id is None:
                by = "response_id" if posted.response_id is not None else "conversation"
            found = await self._found(setup, by, given[0], whose)
        if found is None or not _may(asker.principal, found):
            raise GatewayError("not_found", _NOT_HERE)
        return found

    async def _found(self, setup: Setup, by: By, name: str, key: str | None) -> Answered | None:
        """From memory, or from the ledger, where callers stand by name."""
        if (found := self.recent.find(by, name, key)) is not None:
            return found
        if by == "request_id" and (x := self.under_way(name)) is not None:
            return answered(x, self.recent.users)
        if self.ledger is None:
            return None
        try:
            found = await self.ledger.find(by, name, key)
        except Away:
            raise _away() from None
        return None if found is None else _with_owner(setup, found)

    async def _made(
        self, setup: Setup, asker: Asker, about: Answered, posted: Posted, rating: Rating, name: str | None
    ) -> Feedback:
        try:
            read = reading(posted.metric, rating, posted.value)
        except NotSaid as error:
            raise GatewayError("invalid_request", str(error), param="value") from None
        source = next((one for one in SOURCES if one == posted.source), None)
        if source is None or (asker.token_of is not None and source != "user"):
            allowed = "user" if asker.token_of is not None else ", ".join(SOURCES)
            raise GatewayError("invalid_request", f"`source` is one of: {allowed}.", param="source")
        comment, correction = await as_kept(setup, about, (posted.comment, posted.correction))
        conversation = about.conversation if rating.level == "conversation" else None
        whose = conversation if posted.conversation_id is not None else about.request_id
        said = (whose, posted.metric, read.score, read.label, source, comment, correction)
        digest = digest_of(*said)
        return Feedback(
            id=id_of(about.key, whose or "", f"named {name}" if name is not None else digest),
            time=self.wall(),
            request_id=None if posted.conversation_id is not None else about.request_id,
            conversation=about.conversation,
            metric=posted.metric,
            level=rating.level,
            score=read.score,
            label=read.label,
            bad=read.bad,
            source=source,
            comment=comment,
            correction=correction,
            key=about.key,
            team=about.team,
            user=about.told,
            model=about.model,
            model_served=about.model_served,
            prompt=about.prompt,
            trace_id=about.trace_id,
            span_id=about.span_id,
            digest=digest,
        )

    def _count_token(self, setup: Setup, request_id: str | None) -> None:
        """Before the ledger is asked, so that what comes at once counts at once. Raises `rate_limited`."""
        tokens = setup.config.feedback.tokens
        if request_id is None:
            return
        if tokens is not None and self.by_token[request_id] >= tokens.each:
            raise GatewayError("rate_limited", "This token has given as much feedback as it may.", retry_after=3600)
        self.by_token[request_id] += 1
        if len(self.by_token) > _MOST_SEEN:
            del self.by_token[next(iter(self.by_token))]

    def _uncount_token(self, request_id: str | None) -> None:
        if request_id is not None and self.by_token[request_id] > 0:
            self.by_token[request_id] -= 1

    async def _kept(self, one: Feedback) -> Feedback:
        if self.ledger is None:
            return one
        try:
            return await self.ledger.add_feedback(one)
        except Away:
            self._see(one.id, None)
            raise _away() from None

    async def _pass_on(self, setup: Setup, about: Answered, one: Feedback, rating: Rating) -> None:
        """To all but the ledger; what one of them cannot take is no fault of whoever said it."""
        went = ""
        if one.bad and rating.complaint and one.level == "response" and setup.cache is not None and about.owner:
            went = await setup.cache.complain(about.request_id, about.owner) or "nothing"
        self.metrics.counts.feedback.count(one, rating, about.route or "-", went)
        self.tell(with_fields(one, comment=None, correction=None))

    def _see(self, own: str, one: Feedback | None) -> None:
        self.seen[own] = one
        if len(self.seen) > _MOST_SEEN:
            self.seen.popitem(last=False)


def _rating(setup: Setup, posted: Posted) -> Rating:
    metrics = setup.config.feedback.metrics
    if (found := metrics.get(posted.metric)) is None:
        raise GatewayError("invalid_request", f"`metric` is one of: {', '.join(metrics)}.", param="metric")
    return found


def _check_size(setup: Setup, posted: Posted) -> None:
    settings = setup.config.feedback
    for field_name, most in (
        ("comment", settings.comment_characters),
        ("correction", settings.correction_characters),
        ("id", _MOST_NAME),
        ("request_id", _MOST_NAME),
        ("response_id", 4 * _MOST_NAME),
        ("conversation_id", 4 * _MOST_NAME),
    ):
        if len(getattr(posted, field_name) or "") > most:
            message = f"`{field_name}` is longer than {most} characters."
            raise GatewayError("invalid_request", message, param=field_name)


def _may(principal: Principal, about: Answered) -> bool:
    return principal.admin or about.key == principal.name


def _same(before: Feedback, one: Feedback) -> Feedback:
    if before.digest != one.digest:
        message = "Something else was said under this id before. Give what is new another id."
        raise GatewayError("idempotency_conflict", message)
    return before


def _with_owner(setup: Setup, found: Answered) -> Answered:
    """What the configuration knows of who made it, and of its model."""
    principal = setup.keys.named(found.key)
    route = None if found.model is None else setup.routes.find(found.model)
    return with_fields(
        found,
        owner="" if principal is None else principal.id,
        tags=frozenset() if principal is None else principal.tags,
        route=None if route is None else route.groups[0].model,
    )


def _unknown(request_id: str, principal: Principal) -> Answered:
    """Another replica made it, and its row is on the way. The token says whose it is."""
    return Answered(request_id, principal.id, principal.name, principal.team, principal.tags)


def _away() -> GatewayError:
    return GatewayError("store_away", "The ledger is away: nothing was kept. Say it again.", retry_after=1)
