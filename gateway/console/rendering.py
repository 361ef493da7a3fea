"""Templates. Whatever a value holds comes out as text, and a name that nobody gave is an error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec
from markupsafe import Markup

FOLDER: Final = Path(__file__).parent / "templates"
_IN_SCRIPT: Final = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class Templates:
    """Compiled when first used, and kept."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters["data"] = data

    def __call__(self, template: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(values)


def data(value: Any) -> Markup:
    """JSON for the inside of a `<script type="application/json">`: nothing in it ends the element or begins another."""
    return Markup(msgspec.json.encode(value).decode().translate(_IN_SCRIPT))  # noqa: S704 - just escaped for this place
