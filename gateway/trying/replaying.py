"""Runs of recorded requests: all of them under two sets of policies, or one of them under one."""

from collections.abc import Iterable, Mapping
from time import monotonic

from gateway.config.structs import Config
from gateway.policy.diff import differences
from gateway.policy.rule import Policy
from gateway.trying.differing import Diff
from gateway.trying.replay import Ran, Replay
from gateway.trying.traffic import Line


async def compared(
    before: Mapping[str, Policy], after: Mapping[str, Policy], lines: Iterable[Line], config: Config | None
) -> Diff:
    """What is written differently, and what that does to these requests. Raises ValueError for what cannot be enforced here."""
    found = Diff(static=differences(before, after))
    async with Replay(before, config) as old, Replay(after, config) as new:
        began = monotonic()
        for line in lines:
            found.take(await old.ran(line), await new.ran(line))
        found.seconds = monotonic() - began
    found.end(after)
    return found


async def run_once(policies: Mapping[str, Policy], config: Config | None, line: Line) -> Ran:
    """Raises ValueError for what cannot be enforced here."""
    async with Replay(policies, config) as replay:
        return await replay.ran(line)
