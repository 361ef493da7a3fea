"""Calls of a vendor's SDK that have to give through the gateway what they give straight at the upstream."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel

from tests.support.simulation import close
from tests.support.transcripts import steady

Script = Callable[[Any], Awaitable[Any]]


class Scripts(dict[str, Script]):
    """By name: `@script` adds one."""

    def __call__(self, run: Script) -> Script:
        self[run.__name__.replace("_", " ")] = run
        return run


class Trip(BaseModel):
    """A structured answer."""

    city: str
    days: int


async def same_through_both(script: Script, kind: Any, upstream: str, gateway: str) -> None:
    seen = []
    for url in (upstream, gateway):
        client = kind(base_url=url, api_key="any", max_retries=0)
        try:
            seen.append(steady(await script(client)))
        finally:
            await close(client)
    assert seen[0], "a transcript with nothing in it proves nothing"
    assert seen[1] == seen[0]
