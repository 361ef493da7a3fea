"""The steps `find` and `keep`: a kept answer instead of a model's, or a model's answer kept."""

import asyncio

from gateway.cache.answers import Answers, Looked
from gateway.cache.flights import Flight
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.flying import Ask, Passenger, called
from gateway.guarded import Guarded
from gateway.limits.keys import Principal
from gateway.setup import Setup
from gateway.store.keeping import response_of
from gateway.upstream.http import Take
from gateway.upstream.remembering import remember_signed
from gateway.wire.named import id_of
from gateway.wire.passage import Native


async def cached(x: Exchange, principal: Principal, setup: Setup, take: Take, ask: Ask) -> None:
    """The answer to `take`: from the cache if it has one, else by `ask`; and then that is kept, if it may be."""
    answers = setup.cache
    began = x.clock()
    looked = None if answers is None else await answers.look(x, principal, setup.routes.find(x.model))
    if looked is not None or x.cached is not None:
        x.note("cache.lookup", began, None if answers is None else answers.trails.find(x.id))
    if answers is None or looked is None:
        await ask(x, take=take)
    elif looked.entry is not None:
        if looked.is_stale and answers.renew is not None:
            answers.renew(x, looked)
        await _replay(x, looked, principal, setup, take)
    elif not answers.shares(looked, x) or not await _together(x, looked, answers, setup, take, ask):
        x.tape = looked.tape.over
        await _asked_and_kept(x, looked, answers, take, ask)


async def _asked_and_kept(x: Exchange, looked: Looked, answers: Answers, take: Take, ask: Ask) -> None:
    try:
        await ask(x, take=take)
    except asyncio.CancelledError:
        if x.ended:  # the caller has all of it, and does not wait for what is left of the upstream's connection
            await answers.keep(looked, x)
        raise
    await answers.keep(looked, x)


async def _together(x: Exchange, looked: Looked, answers: Answers, setup: Setup, take: Take, ask: Ask) -> bool:
    """With equal requests that are under way, or as the first of them. False where it has to ask by itself after all."""
    flight, flights, now = await answers.under_way(looked, x.clock()), answers.flights, x.clock()
    led = flight is None
    if flight is None:
        flight = called(x, setup, ask, looked.tape, looked.epochs, now, answers.settings.answer_bytes)
        flights.put(looked.key, flight)
    passenger = Passenger(x, flight, setup, take, led=led)
    try:
        if not await passenger.ride():
            x.started_over = len(x.attempts)
            return False
        if passenger.pays:
            await _kept(x, looked, answers, flight)
        elif x.cached is not None and x.cached.given:
            answers.shared(looked, x)
    except asyncio.CancelledError:
        if passenger.pays and x.ended:  # as above
            await _kept(x, looked, answers, flight)
        raise
    finally:
        if passenger.pays or not flight.open:
            flights.remove(looked.key, flight)
    return True


async def _kept(x: Exchange, looked: Looked, answers: Answers, flight: Flight) -> None:
    """What came of a call that `x` accounts for."""
    looked.tape = flight.tape
    await answers.keep(looked, x)


async def _replay(x: Exchange, looked: Looked, principal: Principal, setup: Setup, take: Take) -> None:
    """As a live answer, but for what the model had to do with it. The rules for patterns see it again, and values are put back."""
    frames, entry = looked.frames, looked.entry
    if entry is None or x.cached is None:
        raise GatewayError("internal", "There is nothing to give again.")
    notes: list[tuple[str, str]] = []
    if x.guarding is not None:
        passage = Native(x.dialect.watch(x.asked_usage, x.streamed))
        guarded = Guarded(passage, x, x.guarding, setup.config.limits.answer_bytes, checks=False)
        try:
            frames, _ = await guarded.feed(frames)
        finally:
            guarded.note()
        notes = x.guarding.notes
    remember_signed(x, frames, entry.provider)
    x.committed = True
    x.first_token = x.clock()
    if x.steps is not None:
        x.answer_id = id_of(frames)
    x.form = "events" if x.streamed else "whole"
    x.usage = entry.usage
    x.cost_nanodollars = 0
    content_type = b"text/event-stream; charset=utf-8" if x.streamed else b"application/json"
    told = [(name.encode(), value.encode()) for name, value in notes]
    x.reply_headers = [(b"content-type", content_type), *told, *x.cached.headers]
    x.ended = True
    if x.whole is not None:  # nobody else keeps it, and the caller may go on from there
        await setup.responses.keep(x, principal.id, response_of(frames[-1]))
    await take(frames)
