"""Precision over recall at every threshold, with the veto and by likeness alone, as a picture or a table. Pure.

The picture is SVG by hand, on a light ground of its own, so that it reads on dark pages too.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

_WIDTH: Final = 620
_HEIGHT: Final = 380
_LEFT: Final = 64
_TOP: Final = 48
_RIGHT: Final = 24
_FOOT: Final = 52
_GROUND, _INK, _FAINT, _OURS, _ALONE = "#fbfbf8", "#22262b", "#d5d5cf", "#c2571a", "#7d93ab"
_STEPS: Final = 5


class Point(NamedTuple):
    """At one threshold."""

    threshold: float
    recall: float
    precision: float


class Curve(NamedTuple):
    """Of one language. `chosen` is the threshold that the other half chose."""

    language: str
    vetoed: list[Point]
    alone: list[Point]
    chosen: float


Counted = Callable[[float, bool], tuple[int, int, int]]
"""Hits, wrong ones among them, and pairs that are duplicates, at a threshold, with the veto or without."""


def points(thresholds: Sequence[float], counted: Counted, *, vetoed: bool) -> list[Point]:
    """Of every threshold that has a hit, strictest first."""
    found = []
    for threshold in thresholds:
        hits, wrong, duplicates = counted(threshold, vetoed)
        if hits:
            found.append(Point(threshold, (hits - wrong) / duplicates if duplicates else 0.0, 1 - wrong / hits))
    return found


def table(curves: Sequence[Curve]) -> str:
    """Every fifth threshold, for whoever wants no picture."""
    lines = []
    for curve in curves:
        lines.append(f"{curve.language or 'unknown language'}: precision and recall on the held half")
        lines.append(f"  {'threshold':>9}  {'with veto':>17}  {'likeness alone':>17}")
        alone = {one.threshold: one for one in curve.alone}
        vetoed = {one.threshold: one for one in curve.vetoed}
        shown = [one for place, one in enumerate(sorted({*alone, *vetoed}, reverse=True)) if place % _STEPS == 0]
        for at in sorted({*shown, curve.chosen}, reverse=True):
            mark = "  chosen" if at == curve.chosen else ""
            lines.append(f"  {at:>9.3f}  {_cell(vetoed.get(at))}  {_cell(alone.get(at))}{mark}")
    return "\n".join(lines)


def chart(curves: Sequence[Curve]) -> str:
    """One panel below the other."""
    drawn = [line for place, curve in enumerate(curves) for line in _panel(curve, place * _HEIGHT)]
    height = _HEIGHT * max(1, len(curves))
    style = f"font-family:system-ui,sans-serif;font-size:12px;fill:{_INK}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" style="{style}">'
    return "\n".join(
        [head, f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="{_GROUND}"/>', *drawn, "</svg>", ""]
    )


def _panel(curve: Curve, top: int) -> list[str]:
    least = min([one.precision for one in [*curve.vetoed, *curve.alone]], default=0.0)
    floor = min(0.95, int(least * 20) / 20)
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _FOOT

    def at(recall: float, precision: float) -> tuple[float, float]:
        return _LEFT + across * recall, top + _TOP + down * (1 - (precision - floor) / (1 - floor))

    title = f"Precision over recall, {curve.language or 'unknown language'}, held half"
    drawn = [f'<text x="20" y="{top + 26}" style="font-weight:600;font-size:14px">{escape(title)}</text>']
    for step in range(_STEPS + 1):
        share = step / _STEPS
        x, y = at(share, floor)[0], at(0, floor + (1 - floor) * share)[1]
        drawn.append(f'<line x1="{x:.1f}" y1="{top + _TOP}" x2="{x:.1f}" y2="{top + _TOP + down}" stroke="{_FAINT}"/>')
        drawn.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + across}" y2="{y:.1f}" stroke="{_FAINT}"/>')
        drawn.append(f'<text x="{x:.1f}" y="{top + _TOP + down + 16}" text-anchor="middle">{share:.0%}</text>')
        drawn.append(
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{floor + (1 - floor) * share:.1%}</text>'
        )
    foot = top + _HEIGHT - 14
    drawn += _line([at(one.recall, one.precision) for one in curve.alone], _ALONE)
    drawn += _line([at(one.recall, one.precision) for one in curve.vetoed], _OURS)
    for one in curve.vetoed:
        if one.threshold == curve.chosen:
            x, y = at(one.recall, one.precision)
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{_INK}" stroke-width="2"/>')
    drawn.append(f'<text x="{_LEFT}" y="{foot}" fill="{_OURS}">with the veto</text>')
    drawn.append(f'<text x="{_LEFT + 110}" y="{foot}" fill="{_ALONE}">by likeness alone</text>')
    drawn.append(f'<text x="{_LEFT + 250}" y="{foot}">circle: threshold {curve.chosen:.3f}</text>')
    return drawn


def _line(places: Sequence[tuple[float, float]], colour: str) -> list[str]:
    if not places:
        return []
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']


def _cell(one: Point | None) -> str:
    return f"{'-':>17}" if one is None else f"{one.precision:>8.2%} {one.recall:>8.1%}"
