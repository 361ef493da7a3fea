"""Words that a person gave to be kept, as the rules for the request that they are about leave them."""

from collections.abc import Sequence
from typing import Final

from gateway.config.strict import Zone
from gateway.errors import GatewayError
from gateway.policy.behind import Behind
from gateway.policy.bind import Facts
from gateway.policy.guarding import Subject
from gateway.record.recent import Answered
from gateway.setup import Setup

WITHHELD: Final = "[withheld by a policy]"
_ZONES: Final = frozenset[Zone]({"internal", "external"})


async def as_kept(setup: Setup, about: Answered, words: Sequence[str | None]) -> list[str | None]:
    """Whatever a rule blocks, or fails at, is withheld; one text has no part in what becomes of another."""
    return [None if text is None else await _kept(setup, about, text) for text in words]


async def _kept(setup: Setup, about: Answered, text: str) -> str:
    if setup.guards is None or not text:
        return text
    facts = Facts(
        models=frozenset({about.model} if about.model else set(setup.config.models)),
        surface="chat",
        zones=frozenset({about.zone}) if about.zone else _ZONES,
        key=about.key,
        team=about.team,
        tags=about.tags,
    )
    behind = Behind(about.policies, about.team, about.tags, 1)
    guarding = setup.guards.over(facts, None, Subject(about.owner, about.team, about.user), behind)
    if guarding is None:
        return text
    try:
        screened = await guarding.screened("chat", {"messages": [{"role": "user", "content": text}]})
    except GatewayError:
        return WITHHELD
    said = screened["messages"][0]["content"]
    return said if isinstance(said, str) else WITHHELD
