"""A bar chart on a logarithmic scale as SVG, by hand. It brings its own light ground, so that it reads on dark pages too."""

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH = 860
LABEL = 250
RIGHT = 90
ROW = 26
HEAD = 54
FOOT = 30
GROUND, INK, FAINT, BAR, OURS = "#fbfbf8", "#22262b", "#d5d5cf", "#7d93ab", "#c2571a"
Row = tuple[str, float, bool]


def chart(panels: Sequence[tuple[str, Sequence[Row]]]) -> str:
    """One panel below the other. A row is a label, a value above 0, and whether it is ours; panels without rows are left out."""
    drawn: list[str] = []
    top = 0
    for title, rows in panels:
        if rows:
            drawn += _panel(title, rows, top)
            top += _height(rows)
    style = f"font-family:system-ui,sans-serif;font-size:13px;fill:{INK}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" style="{style}">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{top}" rx="8" fill="{GROUND}"/>', *drawn, "</svg>", ""])


def decades(values: Sequence[float]) -> tuple[int, int]:
    """Powers of ten that enclose all values: the first at or below the least, the last above the greatest."""
    low = math.floor(math.log10(min(values)))
    high = math.floor(math.log10(max(values))) + 1
    return low, high


def position(value: float, low: int, high: int) -> float:
    """Share of the axis, 0 to 1."""
    return (math.log10(value) - low) / (high - low)


def _panel(title: str, rows: Sequence[Row], top: int) -> list[str]:
    low, high = decades([value for _, value, _ in rows])
    span = WIDTH - LABEL - RIGHT
    bottom = top + HEAD + ROW * len(rows)
    drawn = [f'<text x="20" y="{top + 30}" style="font-weight:600;font-size:15px">{escape(title)}</text>']
    for power in range(low, high + 1):
        x = LABEL + span * (power - low) / (high - low)
        drawn.append(f'<line x1="{x:.1f}" y1="{top + HEAD - 8}" x2="{x:.1f}" y2="{bottom}" stroke="{FAINT}"/>')
        drawn.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" font-size="11">{10.0**power:,g}</text>')
    for index, (label, value, ours) in enumerate(rows):
        y = top + HEAD + ROW * index
        length = max(2.0, span * position(value, low, high))
        drawn.append(f'<text x="{LABEL - 10}" y="{y + 13}" text-anchor="end">{escape(label)}</text>')
        colour = OURS if ours else BAR
        drawn.append(f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="18" rx="2" fill="{colour}"/>')
        drawn.append(f'<text x="{LABEL + length + 6:.1f}" y="{y + 13}">{_short(value)}</text>')
    return drawn


def _height(rows: Sequence[Row]) -> int:
    return HEAD + ROW * len(rows) + FOOT


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
