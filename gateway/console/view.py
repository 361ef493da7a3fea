"""One look at the console: who looks, in which language and time zone, at what; and how an answer to it is made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.api.llm import Gate
from gateway.console.figures import Figures
from gateway.console.words import Words
from gateway.ledger.port import Reader
from gateway.limits.keys import Principal
from gateway.setup import Setup


class Rendering(Protocol):
    """Fills a template. What is missing is an error, never a blank."""

    def __call__(self, template: str, values: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True)
class View:
    """`base` is the console's own address without a slash at its end. `at` holds what stands in the path, `form` what was posted."""

    request: Request
    gate: Gate
    principal: Principal
    t: Words
    f: Figures
    base: str
    around: Mapping[str, Any]
    rendering: Rendering
    ledger: Callable[[], Awaitable[Reader]] | None = None  # opens it; None where there is none
    at: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def setup(self) -> Setup:
        return self.gate.pipeline.setup

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def only_key(self) -> str | None:
        """Whose requests may be shown: those of this key's name, or of all."""
        return None if self.principal.admin else self.principal.name

    @property
    def is_fragment(self) -> bool:
        """Whether a script of ours asks for a part of a page, not a browser for a whole one."""
        return self.request.headers.get("hx-request") == "true"

    def there(self, page: str, at: Mapping[str, str]) -> "View":
        """The same look, at a page."""
        around = {**self.around, "page": page}
        return replace(self, at=at, around=around)

    def url(self, page: str = "", **query: object) -> str:
        """Of a page below the console; values that are None are left out."""
        asked = urlencode({name.rstrip("_"): str(value) for name, value in query.items() if value is not None})
        return f"{self.base}/{page}{'?' if asked else ''}{asked}"

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page, or a part of one, in the language of who looks. `t`, `f`, `url` and the shell's values are there in every template."""
        told = {**self.around, "t": self.t, "f": self.f, "url": self.url, "view": self, **values}
        return HTMLResponse(self.rendering(template, told), status)


class NotHere(Exception):
    """There is no such thing, or whoever looks may not know of it."""
