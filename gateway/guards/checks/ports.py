"""What checks with a remote part need from outside. It is handed in, so that nothing here opens a connection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from gateway.guards.checks.budget import Budget, Paid, unpaid

MOST_BYTES: Final = 1024 * 1024
"""Of an answer to a post."""


class AskModel(Protocol):
    async def __call__(
        self, api: Literal["chat", "moderations"], model: str, body: Mapping[str, Any], asker: Any, paid: Paid = unpaid
    ) -> dict[str, Any]:
        """The answer of a model of this gateway, as JSON. `body` says nothing of the model; `asker` is `Setting.asker`.

        `paid` is told once what it cost, however the asking ends. Raises `GatewayError`.
        """
        ...


class Post(Protocol):
    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> tuple[int, bytes]:
        """Status and body, of `MOST_BYTES` at most. No redirect is followed. Raises `PostFailed`, also after `seconds`."""
        ...


class PostFailed(Exception):
    """No answer, or none that is taken. The text names no more than where it was to go."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`most_cost`: nano-dollars that asking a model this can cost, None where a price is not known. `budget`: the one of a
    detector by its digest, of so many dollars a day; it outlives a reload. `now`: Unix time in seconds.
    """

    ask: AskModel
    most_cost: Callable[[str, Mapping[str, Any]], int | None]
    budget: Callable[[str, float], Budget]
    post: Post
    now: Callable[[], float]
