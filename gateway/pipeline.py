"""The spine: the steps of one exchange, in an order that is a security property (`docs/architecture.md`).

    identify → plan → bind → screen → find → upstream → guard → keep → unscrub → record

`bind` comes behind `plan`, since a policy may be for the trust zones of the targets.
"""

import logging
import random
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path

from gateway.answering import Refused
from gateway.attempts import Attempts
from gateway.batches import with_checked_batch
from gateway.caching import cached
from gateway.config.structs import Config
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.limits.keys import Principal
from gateway.policy.blocking import StartOver
from gateway.record.recent import Recent
from gateway.record.recorder import Recorder
from gateway.refusing import politely
from gateway.routing.features import Features, permits
from gateway.routing.needs import acts_twice, needs, output_limit, prefix
from gateway.routing.plan import Plan, bound, keeping, plan, usual
from gateway.screening import screen
from gateway.setup import Setup
from gateway.starting_over import start_over
from gateway.store.origins import Origins
from gateway.upstream.http import Take
from gateway.upstream.resources import KEEPING, VECTOR_STORES, open_ids
from gateway.wire.frames import Frame
from gateway.wire.messages import MESSAGES
from gateway.wire.moderations import MODERATIONS
from gateway.wire.opaque import FILES
from gateway.wire.responses import RESPONSES
from gateway.wire.responses.conversation import not_kept, previous_id
from gateway.wire.signed import SIGNING, brought_back

log = logging.getLogger("haechi")

Read = Callable[[Config], Awaitable[None]]
"""Reads the request's body into its exchange: `body` or `upload`, `model`, `streamed`, `input_estimate`."""


class CallerGone(Exception):
    """The caller went away before its request was whole."""


@dataclass(slots=True)
class Pipeline:
    """What outlives a reload, and the setup of the moment."""

    setup: Setup
    attempts: Attempts
    recorder: Recorder
    rng: random.Random
    draining: bool = False
    inside: int = 0
    origins: Origins = field(default_factory=Origins)
    given: Origins = field(default_factory=Origins)
    recent: Recent = field(init=False)

    def __post_init__(self) -> None:
        self.recent = Recent(self.recorder.users)

    async def answer(self, x: Exchange, read: Read, take: Take, setup: Setup | None = None) -> None:
        """The answer's frames in the caller's dialect, to `take`, as they come from the network. Raises `Refused`.

        By the setup of the moment, unless another is given.
        """
        setup = setup or self.setup
        setup.enter()
        self.inside += 1
        try:
            principal = self._let_in(x, setup)
            await read(setup.config)
            x.replayable = x.replayable and not (x.body and acts_twice(x.dialect.name, x.body))
            if x.dialect is RESPONSES or x.dialect is MESSAGES:
                x.give = partial(self.given.remember, principal.id)
            kept = await self._kept_answer(x, principal, setup) if x.dialect is RESPONSES else None
            open_ids(x, setup.sealer, partial(self._holder, principal, setup))
            if kept is not None:
                await take([kept])
            else:
                _check_previous(x)
                await self._served(x, principal, setup, take)
                if x.method == "DELETE" and setup.guards is not None:
                    await setup.maps.forget(x, principal.id)
            x.outcome = "answered"
            x.ended = True
        except (GatewayError, Refused) as error:
            refused = error if isinstance(error, Refused) else Refused(error)
            self._fail(x, refused.error)
            if (said := politely(x, refused.error)) is None:
                raise refused from error
            await take(said)
            x.ended = True
        except CallerGone:
            x.outcome = "client_gone"
            raise
        except Exception as error:
            # The edge of what we know: the caller gets one honest answer, and the log where it happened, never a text.
            log.error("%s: a defect of the gateway: %s", x.id, _place_of(error))  # noqa: TRY400 - a trace would quote texts
            internal = GatewayError("internal", "The gateway has failed; its operator finds the request id in the log.")
            self._fail(x, internal)
            raise Refused(internal) from error
        finally:
            if x.outcome == "open":  # cancelled from outside, with nobody on the leash
                x.outcome = "failed"
            setup.leave()
            self.inside -= 1
            self.recent.remember(x)
            self.recorder.record(x)

    async def _served(self, x: Exchange, principal: Principal, setup: Setup, take: Take) -> None:
        """Plan, bind, screen and ask; from the beginning, if a rule says so."""
        while True:
            began = x.clock()
            x.plan = self._plan(x, principal, setup)
            x.note("plan", began, x.plan)
            if x.dialect is FILES and not isinstance(x.upload, bytes):
                x.plan = await with_checked_batch(x, x.plan, principal, setup)
            try:
                if setup.guards is not None:
                    await screen(x, x.plan, principal, setup.guards, setup.routes, setup.maps)
                ask = partial(self.attempts.over, plan=x.plan, setup=setup)
                await (ask(x, take=take) if setup.cache is None else cached(x, principal, setup, take, ask))
            except StartOver as over:
                start_over(x, over)
            except Refused as refused:
                if not isinstance(refused.error, StartOver):
                    raise
                start_over(x, refused.error)
            else:
                return

    def _let_in(self, x: Exchange, setup: Setup) -> Principal:
        """Who asks. What a check asks belongs to an exchange that was let in."""
        x.steps = [] if self.recorder.keeps else None
        if x.behind is not None and x.principal is not None:
            return x.principal
        try:
            principal = x.principal = setup.keys.identify(x.headers)
            if setup.tokens is not None:
                x.feedback_token = setup.tokens.mint(x.id, principal.name, x.wall)
            self._admit(setup)
            return principal
        finally:
            x.note("auth", x.started, x.path)

    def _admit(self, setup: Setup) -> None:
        """Bounds what the gateway holds at once. Rates and budgets come with the accounts."""
        if self.draining:
            raise GatewayError("draining", "The gateway is shutting down. Try again.")
        if self.inside > setup.config.limits.concurrent_requests:
            raise GatewayError(
                "overloaded", "The gateway is at its limit of requests under way. Try again.", retry_after=1
            )

    def _plan(self, x: Exchange, principal: Principal, setup: Setup) -> Plan:
        if not x.model and x.dialect is MODERATIONS:
            x.model = usual(setup.routes, x.dialect.name, principal.models)
        if not x.model:
            return bound(setup.routes, x.pinned) if x.pinned else keeping(setup.routes, self._kept(x), principal.models)
        if not permits(principal.models, x.model):
            raise GatewayError("model_not_allowed", f"This key may not use the model {x.model!r}.", param="model")
        if setup.routes.divided and x.dialect.name in SIGNING:
            self._send_back(x, principal, setup)
        features = Features(
            model=x.model,
            dialect=x.dialect.name,
            team=principal.team,
            tags=principal.tags,
            headers=x.headers,
            input_tokens=x.input_estimate,
            max_output_tokens=output_limit(x.body) if x.body else None,
            needs=needs(x.body) if x.body and setup.routes.choosy else frozenset(),
            sticky_key=self._sticky(x, principal) if x.body and setup.routes.sticky else b"",
            pinned=x.pinned,
            allowed=principal.models,
        )
        return plan(setup.routes, features, self.attempts.health, x.clock(), self.rng)

    def _holder(self, principal: Principal, setup: Setup, field: str, own: str) -> str | None:
        """Whose an id is that is not sealed: a vector store that the operator has opened, or what this caller was given."""
        if field != VECTOR_STORES:
            return self.given.find(principal.id, [own], setup.upstreams)
        return next((name for name, one in setup.config.providers.items() if own in one.vector_stores), None)

    def _send_back(self, x: Exchange, principal: Principal, setup: Setup) -> None:
        """Signed blocks go to the account they came from, as no other takes them; those of the answer will, too."""
        providers = setup.routes.providers(x.model)
        if len(providers) < 2 or x.body is None:
            return
        x.remember = partial(self.origins.remember, principal.id)
        if x.pinned is None:
            signed = brought_back(x.dialect.name, x.body)
            x.pinned = self.origins.find(principal.id, signed, providers)

    async def _kept_answer(self, x: Exchange, principal: Principal, setup: Setup) -> Frame | None:
        """What is asked of a response that is kept here. A request that goes on from one becomes the whole conversation."""
        if not x.target_path:
            await setup.responses.put_together(x, principal.id)
        elif (frame := await setup.responses.answer(x, principal.id)) is not None:
            x.committed = True
            x.reply_headers = [(b"content-type", b"application/json")]
            return frame
        return None

    def _kept(self, x: Exchange) -> str:
        """What is to be made; an id in the path that did not open is unknown, or somebody else's."""
        if x.dialect.name not in KEEPING:
            raise GatewayError("invalid_request", "`model` must be given, as a string.", param="model")
        if x.method != "POST" or x.target_path.partition("?")[0].count("/") > 1:
            raise GatewayError("not_found", "There is nothing of this id here.")
        return x.dialect.name

    def _sticky(self, x: Exchange, principal: Principal) -> bytes:
        return blake2b(
            f"{principal.id}\0{prefix(x.body or {})}".encode("utf-8", "surrogatepass"), digest_size=16
        ).digest()

    def _fail(self, x: Exchange, error: GatewayError) -> None:
        x.error = error
        x.outcome = "cut" if x.committed else "blocked" if error.code == "policy_blocked" else "failed"


def _check_previous(x: Exchange) -> None:
    """Of a request that goes on from a response: it is known by now, or it is nobody's."""
    previous = previous_id(x.body or {}) if x.dialect is RESPONSES else None
    if previous is not None and previous not in x.opened:
        raise not_kept()


def _place_of(error: Exception) -> str:
    """The kind of an exception and where it was raised, innermost first. Its message may quote a request."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-8:]))
    return f"{type(error).__name__} at {places}"
