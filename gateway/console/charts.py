"""What a chart shows: read by `charts.js`, and by the table that says the same."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from gateway.console.view import View

Unit = Literal["count", "money", "seconds", "share"]


class Line(NamedTuple):
    """`None` where there is nothing to show."""

    name: str
    values: Sequence[float | None]


def chart(view: View, title: str, unit: Unit, x: Sequence[float], *lines: Line) -> dict[str, Any]:
    """`x` are seconds since 1970, where each point begins. Money is nanodollars, durations are seconds."""
    return {
        "title": title,
        "unit": unit,
        "time": view.t("shell.time"),
        "x": list(x),
        "series": [{"name": line.name, "values": list(line.values)} for line in lines],
    }
