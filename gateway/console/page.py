"""What a page of the console is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from starlette.responses import Response

from gateway.console.view import View
from gateway.console.words import Text

Handler = Callable[[View], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Way:
    """One path below the page's own, and what answers there. `""` is the page itself; `{name}` matches one segment.

    A POST has passed the checks of origin and token, and only administrators come so far.
    """

    path: str
    answer: Handler
    method: Literal["GET", "POST"] = "GET"


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is its path below the console, and the name of its template; `page.{name}` is its title among the messages.

    `admin`: nobody else sees it. Others see what they asked themselves: such a page filters by `view.only_key`.
    """

    name: str
    ways: tuple[Way, ...]
    words: Mapping[str, Text] = field(default_factory=dict)
    admin: bool = True
