"""The steps `bind` and `screen`: which rules apply to an exchange whose plan stands, and its request as these rules let it go."""

from gateway.exchange import Exchange, Judged
from gateway.limits.keys import Principal
from gateway.policy.bind import HEADER, Facts
from gateway.policy.guarding import Guards, Subject
from gateway.policy.request import end_user
from gateway.routing.plan import Plan, Routes
from gateway.store.maps import Maps, stored


async def screen(x: Exchange, plan: Plan, principal: Principal, guards: Guards, routes: Routes, maps: Maps) -> None:
    """Fills `guarding`, and changes `body` where a rule does. Raises `policy_blocked`."""
    candidates = plan.candidates()
    groups = plan.groups if x.model else tuple(group for route in routes.all() for group in route.groups)
    facts = Facts(
        models=frozenset({x.model, *(group.model for group in groups)}),  # what is stored may be of any model
        surface=x.dialect.name,
        zones=frozenset(one.zone for one in candidates),
        key=principal.name,
        team=principal.team,
        tags=frozenset(principal.tags),
    )
    subject = Subject(principal.id, principal.team, end_user(x.body) if x.body else "")
    before, began = x.guarding, x.clock()
    guarding = x.guarding = guards.over(facts, x.headers.get(HEADER), subject, x.behind)
    x.note("policy", began)
    if guarding is None:
        return
    if before is not None:  # a rule had the exchange started over: its values are placeholders by now
        guarding.verdicts = before.verdicts
        guarding.recall(before.placeholders())
    elif (response := stored(x)) is not None:
        guarding.recall(await maps.recalled(x, principal.id, response))
    began = x.clock()
    try:
        if x.body is not None:
            x.body = await guarding.screened(x.dialect.name, x.body)
        elif x.upload:
            guarding.unread(x.dialect.name)
    finally:
        x.note("guardrail", began, Judged("in", guarding, x.clock() - began))
