"""Ports of checks with somebody scripted behind them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.guards.check import Said, Setting
from gateway.guards.checks.budget import Budget, Paid, unpaid
from gateway.guards.checks.ports import Ports, PostFailed


class Model:
    """Says one thing after the other, the last one for ever. `asked`: what was asked, with model and api."""

    def __init__(self, *answers: Any, cost: int | None = 0, pause: asyncio.Event | None = None) -> None:
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []
        self.askers: list[Any] = []
        self._answers = list(answers)
        self._cost = cost
        self._pause = pause

    async def ask(self, api: str, model: str, body: Mapping[str, Any], asker: Any, paid: Paid = unpaid) -> Any:
        self.asked.append((api, model, body))
        self.askers.append(asker)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if self._pause is not None:
            await self._pause.wait()
        paid(self._cost)
        if isinstance(answer, Exception):
            raise answer
        return answer(body) if callable(answer) else answer

    @property
    def texts(self) -> list[str]:
        """What stands between the marks."""
        return [str(body["messages"][1]["content"]).split("\n", 1)[1].rsplit("\n", 1)[0] for _, _, body in self.asked]


async def nobody(*_: Any) -> tuple[int, bytes]:
    raise PostFailed("nobody is there")


def ports(
    model: Model | None = None,
    post: Any = nobody,
    most: int | None = 0,
    now: Callable[[], float] = lambda: 1_800_000_000.0,
) -> Ports:
    ask = (model or Model({})).ask
    return Ports(ask, lambda _model, _body: most, lambda _digest, dollars: Budget(dollars, now), post, now)


def completion(text: object, finish: str = "stop") -> dict[str, Any]:
    return {"choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}]}


def verdict(score: float, reason: str = "why") -> dict[str, Any]:
    return completion(msgspec.json.encode({"score": score, "reason": reason}).decode())


def said(text: str, place: str = "content", depth: int = 0, tool: str = "") -> Said:
    return Said(place, text, text, tool, Setting(depth=depth, asker="asker"))


def spans(found: Sequence[Any]) -> list[tuple[int, int, str, float]]:
    return [(one.start, one.end, one.kind, one.score) for one in found]
