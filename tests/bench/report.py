"""The page: the bars, the tables and the method, from one run's findings. Values in, Markdown out; what is said of the method is `method.md`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bars import Judgement
from tests.bench.contenders import NAMES
from tests.bench.figures import Book
from tests.bench.run import Findings

MISSING = "·"
ENOUGH = 7
METHOD = Path(__file__).with_name("method.md")
HALF_LOAD = Path(__file__).with_name("half_load.md")
Column = tuple[str, str, int]

UNARY: tuple[Column, ...] = (
    ("CPU µs per request", "unary.cpu_us", 1),
    ("requests/s", "unary.rps", 0),
    ("added p50 ms, 1 conn.", "unary1.added_p50_ms", 3),
    ("added p99 ms, 1 conn.", "unary1.added_p99_ms", 3),
    ("added p50 ms, 64 conn.", "unary64.added_p50_ms", 2),
    ("added p99 ms, 64 conn.", "unary64.added_p99_ms", 2),
    ("108 KB: CPU µs", "large.cpu_us", 1),
)
STREAMED: tuple[Column, ...] = (
    ("CPU µs per chunk", "chunk.cpu_us", 1),
    ("chunks/s", "chunk.rate", 0),
    ("chunks per read", "chunk.per_read", 2),
)
FIRST_TOKEN: tuple[Column, ...] = (
    ("half load, streams/s", "ttft.rate", 0),
    ("its core, %", "ttft.core_percent", 0),
    ("load's core, %", "ttft.load_percent", 0),
    ("chunks per read", "ttft.per_read", 2),
    ("direct p50 ms", "ttft.direct_p50_ms", 2),
    ("added p50 ms", "ttft.added_p50_ms", 2),
    ("added p99 ms", "ttft.added_p99_ms", 2),
    ("at Haechi's rate: its core, %", "ours.core_percent", 0),
    ("there: added p50 ms", "ours.added_p50_ms", 2),
    ("there: added p99 ms", "ours.added_p99_ms", 2),
)
FOOTPRINT: tuple[Column, ...] = (
    ("start to first answer s", "start.seconds", 2),
    ("MB after it", "start.rss_mb", 1),
    ("MB, 0 streams", "idle.base_mb", 1),
    ("KB each, 250", "idle.250_kb", 1),
    ("KB each, 500", "idle.500_kb", 1),
    ("KB each, 1,000", "idle.1000_kb", 1),
    ("KB each, 5,000", "idle.5000_kb", 1),
)
TRACED: tuple[Column, ...] = (("serving process, CPU µs per request", "tracing.cpu_us", 1),)
BASELINES = ("nginx", "nginx_defaults", "bare", "bare_parsing", "portkey", "litellm")
RATIOS: tuple[tuple[str, str], ...] = (
    ("unary request", "unary.cpu_us"),
    ("108 KB request", "large.cpu_us"),
    ("streamed chunk", "chunk.cpu_us"),
)


@dataclass(frozen=True)
class Setting:
    """Where and when it ran, in words for the page."""

    machine: str
    software: str
    date: str
    command: str


def page(findings: Findings, judgements: list[Judgement], setting: Setting, plot: str) -> str:
    """The whole Markdown page; `plot` is the picture's address relative to it."""
    parts = [
        "# Benchmarks",
        f"This page is written by `{setting.command}`. Run it yourself: numbers from another machine prove little.",
        *(
            [f"**A first look from {_rounds(findings.rounds)}, not a result: that takes {ENOUGH}.**"]
            if findings.rounds < ENOUGH
            else []
        ),
        "## The bars",
        bars_table(judgements, findings.titles),
        f"![CPU time per unary request and per streamed chunk, logarithmic]({plot})",
        "## One unary request",
        "CPU time is that of the gateway process. Latency is what the gateway adds to the same request sent past it.",
        table(findings, UNARY),
        "## Streams",
        "Chunks are events of 256 bytes. The slower gateways are asked for fewer of them, and for fewer idle streams.",
        table(findings, STREAMED),
        "## Time to first token at half load",
        HALF_LOAD.read_text().strip(),
        table(findings, FIRST_TOKEN),
        "## Traces",
        "The process that makes spans of records and sends them is another one, and not counted here.",
        table(findings, TRACED),
        "## Start and memory",
        table(findings, FOOTPRINT),
        "## Haechi's CPU time as a multiple of the others'",
        "Each cell is the median of the ratios of single rounds, the extremes in brackets.",
        ratio_table(findings),
        "## Method",
        method(findings, setting),
    ]
    if findings.absent or findings.failures:
        parts += ["## What was not measured", missing_list(findings)]
    return "\n\n".join(parts) + "\n"


def bars_table(judgements: list[Judgement], titles: Mapping[str, str]) -> str:
    rows = [["bar", "limit", "measured", "over the rounds", "stands?"]]
    rows += [[item.bar.title, item.bar.words, *_measured(item, titles), item.verdict] for item in judgements]
    return markdown(rows)


def table(findings: Findings, columns: tuple[Column, ...]) -> str:
    """One row per contender that has at least one of the columns, medians over the rounds; columns nobody has are left out."""
    book = findings.book
    names = [name for name in NAMES if name in findings.titles]
    used = [column for column in columns if any(book.column(name, column[1]) for name in names)]
    rows = [["", *(title for title, _, _ in used)]]
    for name in names:
        cells = [number(book.median(name, measure), digits) for _, measure, digits in used]
        if any(cell != MISSING for cell in cells):
            rows.append([findings.titles[name], *cells])
    return markdown(rows)


def has_any(findings: Findings, columns: tuple[Column, ...]) -> bool:
    return any(findings.book.column(name, measure) for name in findings.titles for _, measure, _ in columns)


def ratio_table(findings: Findings) -> str:
    rows = [["", *(f"÷ {findings.titles[name]}" for name in BASELINES if name in findings.titles)]]
    for title, measure in RATIOS:
        rows.append([title, *(_ratio(findings.book, measure, name) for name in BASELINES if name in findings.titles)])
    return markdown(rows)


def method(findings: Findings, setting: Setting) -> str:
    measured = f"* Measured on {setting.date}: {setting.machine}; {setting.software}."
    notes = "".join(f"\n* {note}" for note in findings.notes)
    return f"{measured} {_rounds(findings.rounds)}, {findings.seconds:.0f} s.\n{METHOD.read_text().strip()}{notes}"


def missing_list(findings: Findings) -> str:
    lines = [f"{name}: {reason}" for name, reason in findings.absent.items()] + findings.failures
    return "\n".join(f"* {' '.join(line.split())}" for line in lines)


def markdown(rows: list[list[str]]) -> str:
    """A table whose first row is the head; the first column is left-aligned, the others right."""
    head, *body = rows
    marks = ["---", *(["--:"] * (len(head) - 1))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, marks, *body])


def number(value: float | None, digits: int) -> str:
    return MISSING if value is None else f"{value:,.{digits}f}"


def _ratio(book: Book, measure: str, base: str) -> str:
    values = sorted(book.ratios(measure, "haechi", base))
    if not values:
        return MISSING
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return f"{middle:.2g} ({values[0]:.2g}-{values[-1]:.2g})"


def _rounds(count: int) -> str:
    return f"{count} round{'' if count == 1 else 's'}"


def _measured(item: Judgement, titles: Mapping[str, str]) -> tuple[str, str]:
    if item.measured is None or item.low is None or item.high is None:
        return MISSING, MISSING
    beside = "" if item.beside is None else f" ({titles.get(item.bar.beside or '', '')}: {item.beside:.3g})"
    rounds = f"{item.low:.3g} to {item.high:.3g}, {_rounds(item.rounds)}"
    return f"{item.measured:.3g} {item.bar.unit}{beside}", rounds
