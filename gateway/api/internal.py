"""The gateway's own way in: what a check asks a model goes through the spine like any request, without a socket.

It is recorded as what `haechi-judge` asked, or as what `haechi-embedder` did for the cache, and the rules of the exchange that is checked hold for it (`gateway.policy.behind`). Its
principal is another one each time, so that nobody can tell by placeholders whether two callers spoke of the same person.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from gateway.answering import Refused
from gateway.config.structs import Config
from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.guards.checks.budget import Paid, unpaid
from gateway.limits.keys import Principal
from gateway.limits.pricing import cost
from gateway.pipeline import Pipeline
from gateway.policy.behind import Behind
from gateway.routing.needs import estimated_tokens, output_limit
from gateway.setup import Setup
from gateway.wire.body import parse_named
from gateway.wire.frames import Frame
from gateway.wire.neutral import Usage

PATH: Final = "internal"
NAME: Final = "haechi-judge"
EMBEDS: Final = "haechi-embedder"
_BYTES_PER_TOKEN: Final = 2
"""At least, for the most that something can cost."""


@dataclass(frozen=True, slots=True)
class Internal:
    """The ports `AskModel` and `most_cost`, for the checks of one setup."""

    pipeline: Pipeline
    setup: Setup

    async def ask(
        self,
        api: Literal["chat", "moderations", "embeddings"],
        model: str,
        body: Mapping[str, Any],
        asker: Any,
        paid: Paid = unpaid,
    ) -> dict[str, Any]:
        """See `AskModel`."""
        if not isinstance(asker, Behind):
            raise GatewayError("internal", "A check has asked a model without saying for whom.")
        x = _exchange(api, asker, self.setup.config.timeouts.total)
        frames: list[Frame] = []

        async def read(config: Config) -> None:
            raw = msgspec.json.encode({"model": model, **body})
            x.raw = raw
            x.body, x.names = parse_named(raw, config.limits.json_depth)
            x.parsed = x.body
            x.model = model
            x.input_estimate = estimated_tokens(len(raw))

        async def take(shown: list[Frame]) -> None:
            frames.extend(shown)

        try:
            await self.pipeline.answer(x, read, take, self.setup)
        except Refused as refused:
            raise refused.error from None
        finally:
            x.deadlines.close()
            was_told = x.outcome == "answered" or x.error is not None  # else nobody waited for what it costs
            paid(x.cost_nanodollars if x.cost_nanodollars is not None or not was_told else 0)
        if x.error is not None:  # a rule has refused in the model's place
            raise x.error
        return frames[0].json

    def most_cost(self, model: str, body: Mapping[str, Any]) -> int | None:
        """Of one attempt at any target that may serve it. None where one has no price, or there is no such model."""
        route = self.setup.routes.find(model)
        prices = [one.prices for group in route.groups for one in group.candidates] if route else []
        size = len(msgspec.json.encode(body))
        usage = Usage(input_tokens=size // _BYTES_PER_TOKEN, output_tokens=output_limit(dict(body)) or 0)
        known = [cost(usage, one) for one in prices if one is not None]
        return max(known) if known and len(known) == len(prices) else None


def _exchange(api: str, asker: Behind, seconds: float) -> Exchange:
    now = time.monotonic()
    digits = f"{random.getrandbits(288):072x}"
    own = f"req_{digits[:24]}"
    return Exchange(
        id=own,
        dialect=DIALECTS[api],
        method="POST",
        path=PATH,
        query="",
        headers={},
        trace_id=digits[24:56],
        span_id=digits[56:],
        started=now,
        deadline=now + seconds,
        principal=Principal(id=own, name=EMBEDS if api == "embeddings" else NAME, team=asker.team, tags=asker.tags),
        behind=asker,
    )
