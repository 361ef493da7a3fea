"""The page of the cache: bars, look-ups, memory, processes, method. Values in, Markdown out; what is said of the method is `cache_method.md`."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench import plot
from tests.bench.bars import Judgement
from tests.bench.cache_contenders import NAMES
from tests.bench.cache_run import Cell
from tests.bench.report import MISSING, Setting, bars_table, markdown, missing_list, number
from tests.bench.run import Findings

METHOD = Path(__file__).with_name("cache_method.md")
ENOUGH = 3
PICTURE = "img/bench-cache.svg"
TIMED = (
    "All that the cache does before a model would be asked, and giving again what was found: scope, digest, look-up, "
    "embedding, neighbours, veto, certificate."
)
LOOK_UPS = (
    ("exact hit, p50 ms", "hit.p50_ms", 3),
    ("p99", "hit.p99_ms", 2),
    ("semantic hit, p50 ms", "semantic.p50_ms", 3),
    ("p99", "semantic.p99_ms", 2),
    ("miss, p50 ms", "miss.p50_ms", 3),
    ("p99", "miss.p99_ms", 2),
    ("paraphrases served, %", "semantic.share", 1),
    ("KB per entry", "entry.kb", 2),
)
PROCESSES = (
    ("CPU µs per request", "cpu_us", 1),
    ("requests/s", "rps", 0),
    ("p50 ms, 1 conn.", "p50_ms", 3),
    ("p99 ms, 1 conn.", "p99_ms", 3),
    ("CPU µs added by the miss", "added_cpu_us", 1),
    ("p50 ms added by the miss", "added_p50_ms", 3),
)


def page(findings: Findings, judgements: list[Judgement], setting: Setting, cells: Sequence[Cell]) -> str:
    rounds = f"{findings.rounds} round{'' if findings.rounds == 1 else 's'}"
    where = f"* Measured on {setting.date}: {setting.machine}; {setting.software}. {rounds}, {findings.seconds:.0f} s."
    notes = "".join(f"\n* {note}" for note in findings.notes)
    parts = [
        "# Benchmarks of the cache",
        f"This page is written by `{setting.command}`. Run it yourself: numbers from another machine prove little.",
        *([f"**A first look from {rounds}, not a result: that takes {ENOUGH}.**"] if findings.rounds < ENOUGH else []),
        "## The bars",
        bars_table(judgements, findings.titles),
        f"![CPU time per answer from the cache, and look-ups by size, logarithmic]({PICTURE})",
        "## Look-ups inside the process",
        TIMED,
        look_ups(findings, cells),
        "## Whole answers",
        processes(findings),
        "## Method",
        f"{where}\n{METHOD.read_text().strip()}{notes}",
    ]
    if findings.absent or findings.failures:
        parts += ["## What was not measured", missing_list(findings)]
    return "\n\n".join(parts) + "\n"


def look_ups(findings: Findings, cells: Sequence[Cell]) -> str:
    """A row for each size of each cache of which something was measured."""
    rows = [["cache", "entries", *(title for title, _, _ in LOOK_UPS)]]
    for cell in cells:
        for size in cell.order.sizes:
            values = [findings.book.median(cell.name, f"{size}.{measured}") for _, measured, _ in LOOK_UPS]
            shown = [_shown(value, column) for value, column in zip(values, LOOK_UPS, strict=True)]
            if any(value is not None for value in values):
                rows.append([cell.name, f"{size:,}", *shown])
    return markdown(rows)


def processes(findings: Findings) -> str:
    rows = [["", *(title for title, _, _ in PROCESSES)]]
    for name in NAMES:
        cells = [number(findings.book.median(name, measured), digits) for _, measured, digits in PROCESSES]
        if any(cell != MISSING for cell in cells):
            rows.append([findings.titles[name], *cells])
    return markdown(rows)


def panels(findings: Findings, cells: Sequence[Cell]) -> list[tuple[str, list[plot.Row]]]:
    """CPU per hit of each process, and the look-ups at the greatest size of each cache, in µs."""
    book = findings.book
    hits: list[plot.Row] = []
    for name in ("haechi", "haechi_redis", "litellm", "litellm_redis"):
        value = book.median(name, "cpu_us")
        if value:
            hits.append((findings.titles[name].replace(": hits", ""), value, name.startswith("haechi")))
    looks: list[plot.Row] = []
    for cell in cells:
        size = cell.order.sizes[-1]
        for kind in ("hit", "semantic", "miss"):
            value = book.median(cell.name, f"{size}.{kind}.p50_ms")
            if value:
                looks.append((f"{cell.name}: {kind}", value * 1e3, True))
    return [("CPU µs per exact hit", hits), ("Look-up µs, p50, at the greatest size", looks)]


def _shown(value: float | None, column: tuple[str, str, int]) -> str:
    _, measured, digits = column
    return number(value * 100 if value is not None and measured.endswith("share") else value, digits)
