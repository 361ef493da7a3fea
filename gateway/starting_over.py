"""A rule has an exchange started over: the same model is told what was found, or another one is asked."""

from typing import Any, Final

from gateway.exchange import Exchange
from gateway.policy.actions import Reask, Route
from gateway.policy.blocking import StartOver

MOST: Final = 8
"""Times that one exchange may be started over, whatever the rules say."""
FEEDBACK: Final = "Your last answer cannot be used: {found} was found in it. Answer again, without that."


def start_over(x: Exchange, over: StartOver) -> None:
    """Makes the exchange what it is to be asked as next. Raises the block of the rule where that cannot be done."""
    times = over.deed.times if isinstance(over.deed, Reask) else 1
    acted = not x.replayable and bool(over.answer)
    if x.starts.count(over.rule) >= times or len(x.starts) >= MOST or x.committed or acted:
        raise over.blocked
    if x.body is None or x.guarding is None:
        raise over.blocked
    if isinstance(over.deed, Reask):
        asked = _told(x.dialect.name, x.body, over)
        if asked is None:
            raise over.blocked
        x.body = asked
    else:
        x.model = over.deed.model
        x.body = {**x.body, "model": x.model}
        if isinstance(over.deed, Route):
            x.guarding.verdicts.carried_out.add(over.rule)
    x.starts.append(over.rule)
    x.started_over = len(x.attempts)


def _told(dialect: str, body: dict[str, Any], over: StartOver) -> dict[str, Any] | None:
    """The conversation with the answer and what is wrong with it; None where the API knows no conversation."""
    feedback = FEEDBACK.format(found=over.found)
    turns = [{"role": "assistant", "content": over.answer or "…"}, {"role": "user", "content": feedback}]
    if dialect in ("chat", "messages"):
        return {**body, "messages": [*body.get("messages", []), *turns]}
    if dialect == "responses":
        said = body.get("input", [])
        before = [{"role": "user", "content": said}] if isinstance(said, str) else said
        return {**body, "input": [*before, *turns]}
    return None
