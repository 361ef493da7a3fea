"""`python -m tests.bench.cache`: what the cache costs and saves, by size and scopes, and beside the caches of other gateways.

Ends with 0 when every bar stands, 1 when one does not, 2 when one could not be measured (with `--quick`, which prints and writes
nothing: when something failed).
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import msgspec
import uvloop

from tests.bench import cache_contenders, cache_report, plot
from tests.bench.__main__ import setting
from tests.bench.bars import exit_code, judge
from tests.bench.cache_bars import BARS, CELLS, SHARED_SIZES
from tests.bench.cache_run import CacheRun, Cell, Plan
from tests.bench.process import pin_this_process
from tests.bench.report import bars_table, missing_list
from tests.bench.run import Findings
from tests.support.redis_server import redis8

QUICK = ("haechi_off", "haechi_miss", "haechi", "haechi_redis")


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = planned(arguments.rounds, quick=arguments.quick, only=arguments.only)
    try:
        findings = _measured(plan)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; everything that was started has been ended\n")
        return 130
    judgements = [judge(bar, findings.book) for bar in BARS]
    whole = not arguments.quick and not arguments.only
    told = judgements if whole else [one for one in judgements if one.verdict != "not measured"]
    sys.stdout.write(cache_report.look_ups(findings, plan.cells) + "\n\n")
    sys.stdout.write(cache_report.processes(findings) + "\n\n" + bars_table(told, findings.titles) + "\n")
    if findings.absent or findings.failures:
        sys.stdout.write("\n" + missing_list(findings) + "\n")
    if whole:
        picture = arguments.out.parent / cache_report.PICTURE
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(plot.chart(cache_report.panels(findings, plan.cells)))
        arguments.out.write_text(cache_report.page(findings, judgements, setting("make bench-cache"), plan.cells))
    return exit_code(judgements, every_bar=whole or bool(findings.failures))


def planned(rounds: int, *, quick: bool, only: str | None) -> Plan:
    """`only`: `lookups` or `processes`. In quick ones no cache holds more than 10,000 entries, and the light processes run once."""
    cells = [_short(cell) for cell in CELLS] if quick else list(CELLS)
    names = QUICK if quick else cache_contenders.NAMES
    return Plan(
        cells=[] if only == "processes" else cells,
        names=() if only == "lookups" else names,
        rounds=1 if quick else rounds,
        seconds=0.5 if quick else 1.2,
        redis=(shutil.which("redis-server") or redis8(), redis8()),
    )


def _short(cell: Cell) -> Cell:
    sizes = tuple(size for size in cell.order.sizes if size <= SHARED_SIZES[-1])
    return Cell(cell.name, msgspec.structs.replace(cell.order, sizes=sizes, looks=100))


def _measured(plan: Plan) -> Findings:
    with tempfile.TemporaryDirectory(prefix="haechi-bench-cache-") as folder:
        pin_this_process()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(CacheRun(plan, Path(folder)).perform())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cache", description="Measures the cache.")
    parser.add_argument("--rounds", type=int, default=cache_report.ENOUGH, help="rounds of all processes (default 3)")
    parser.add_argument("--only", choices=("lookups", "processes"), help="one half; prints only")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks-cache.md"), help="the page to write")
    parser.add_argument("--quick", action="store_true", help="small caches, one short round; prints only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
