"""A text put to a policy: what the model sees of it, what the caller sees of the answer, and who said what on the way.

The gateway it runs through is made for it, with a key of its own for placeholders, and gone afterwards.
"""

from dataclasses import replace
from typing import Any

import msgspec

from gateway.app import start
from gateway.drafts.asked import Box, DecisionSaid, FoundSaid, Said, Tried
from gateway.policy.bind import HEADER
from gateway.policy.coverage import STREAMED
from gateway.policy.rule import Policy
from gateway.policy.structs import Case
from gateway.trying.answered import answer_of
from gateway.trying.asking import MODEL, Request, request_of
from gateway.trying.calling import called
from gateway.trying.came import at
from gateway.trying.explaining import Explanation, explained
from gateway.trying.heard import Listening
from gateway.trying.replay import Ran
from gateway.trying.scripted import Scripted
from gateway.trying.seen import Seen, frames_of
from gateway.trying.traffic import Line
from gateway.trying.trial import CONFIG


async def tried(policy: Policy, box: Box) -> Tried:
    """Raises ValueError for what cannot be enforced here."""
    case = _case(box)
    streamed = box.streamed and box.surface in STREAMED
    request = request_of(case, streamed=streamed)
    if request is None:
        return Tried(mistakes=[Said(f"the surface `{box.surface}` cannot be tried: it takes uploads")])
    model, seen = Scripted(), Seen()
    model.case = case
    gateway = await start(CONFIG, {policy.name: replace(policy, bind=None)}, model.connect)
    try:
        pipeline = gateway.gate.pipeline
        pipeline.recorder = seen
        listening = None
        if pipeline.setup.guards is not None:
            pipeline.setup.guards = listening = Listening(pipeline.setup.guards, {})
        answer = await called(gateway.app, request.path, msgspec.json.encode(request.body), {HEADER: policy.name})
    finally:
        await gateway.close()
    x, frames = seen.last(), frames_of(answer.body)
    if listening is None:
        return Tried(mistakes=[Said("there is no rule in it")])
    ran = Ran(
        line=Line(1, "", box.surface, {**request.body, "model": MODEL}),
        facts=listening.facts,
        asked=listening.asked,
        bound=listening.bound,
        heard=listening.heard,
        status=answer.status,
        code=x.error.code if x.error is not None else None,
        message=x.error.message if x.error is not None else "",
        param=x.error.param if x.error is not None else None,
        starts=tuple(x.starts),
        got=model.got,
        unasked=(),
    )
    whole = answer_of(box.surface, frames)
    return msgspec.structs.replace(
        _told(explained(ran, {policy.name: policy})),
        **_seen(request, model),
        content=whole.content,
        arguments=whole.arguments,
        pieces=[text for one in frames if (text := answer_of(box.surface, [one]).content)] if streamed else [],
    )


def _case(box: Box) -> Case:
    case: dict[str, Any] = {"name": "box", "surface": box.surface, box.said_by: box.say}
    if box.answer:
        case |= {"answer_chunks": box.answer.splitlines()} if box.pieces else {"answer": box.answer}
    return msgspec.convert(case, Case)


def _seen(request: Request, model: Scripted) -> dict[str, str | None]:
    got = model.got
    return {
        "said_at": ".".join(map(str, request.said or ())),
        "model_sees": None if got is None or request.said is None else str(at(got, request.said)),
        "model_got": None if got is None else msgspec.json.format(msgspec.json.encode(got), indent=2).decode(),
    }


def _told(why: Explanation) -> Tried:
    return Tried(
        outcome=why.outcome.outcome,
        by=why.outcome.by,
        status=why.outcome.status,
        code=why.outcome.code,
        message=why.outcome.message,
        starts=list(why.outcome.starts),
        found=[
            FoundSaid(rule.rule, one.kind, one.place, one.where, one.span, one.score, one.said, one.decides)
            for rule in why.rules
            for one in rule.found
        ],
        decisions=[
            DecisionSaid(
                one.where, one.span, one.kind, one.rule, one.effect, [(over.rule, over.why) for over in one.over]
            )
            for one in why.decisions
        ],
        unreadable=[f"{one.what} {one.where}".strip() for one in why.unreadable],
    )
