"""What a check finds, as the kinds of its findings."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from gateway.guards.check import Check, Said, Setting

NOTHING = Setting()


async def kinds(
    check: Check, text: str, place: str = "content", tool: str = "", setting: Setting = NOTHING
) -> list[str]:
    said = Said(place, "<placeholder>", text, tool, setting)
    findings = await check.look(said)
    assert all((one.start, one.end) == (0, len(said.text)) for one in findings)
    return [one.kind for one in findings]


def declared(**tools: Mapping[str, Any] | None) -> Setting:
    return Setting(tools=tools)


async def turns_during(work: Coroutine[Any, Any, Any]) -> int:
    """How often the event loop came round while this was done: 0 if it was held."""
    task = asyncio.ensure_future(work)
    turns = -1
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    await task
    return turns
