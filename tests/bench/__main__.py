"""`python -m tests.bench`: measure, judge, print, and write the page.

Ends with 0 when every bar stands, 1 when one does not, 2 when one could not be measured (with `--quick`, `--only` or few
rounds, which print and write nothing: when something failed).
"""

import argparse
import asyncio
import gc
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.bench import contenders, nginx, plot, report
from tests.bench.bars import BARS, exit_code, judge
from tests.bench.contenders import chosen
from tests.bench.install import Unavailable
from tests.bench.process import GATEWAY_CORE, LOAD_CORE, pin_this_process
from tests.bench.run import Findings, Order, Run

MOST_FILES = 20_000
TIME_LIMIT = 1200.0


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    order = _order(arguments)
    try:
        findings = measured(order)
    except Unavailable as reason:
        sys.stderr.write(f"nothing was measured: {reason}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; everything that was started has been ended\n")
        return 130
    judgements = [judge(bar, findings.book) for bar in BARS]
    told = judgements if order.whole else [item for item in judgements if item.verdict != "not measured"]
    for columns in (report.UNARY, report.STREAMED, report.FIRST_TOKEN, report.TRACED, report.FOOTPRINT):
        if report.has_any(findings, columns):
            sys.stdout.write(report.table(findings, columns) + "\n\n")
    sys.stdout.write(report.bars_table(told, findings.titles) + "\n")
    if findings.absent or findings.failures:
        sys.stdout.write("\n" + report.missing_list(findings) + "\n")
    if order.whole:
        picture = arguments.out.parent / "img/bench.svg"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(plot.chart(panels(findings)))
        arguments.out.write_text(report.page(findings, judgements, setting("make bench"), "img/bench.svg"))
    return exit_code(judgements, every_bar=order.whole or bool(findings.failures))


def measured(order: Order) -> Findings:
    """Runs in a folder of its own, on the load's core; no collector pauses inside a window."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (order.files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory(prefix="haechi-bench-") as folder:
        run = Run(order, Path(folder))
        run.find_contenders()
        pin_this_process()
        gc.disable()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run.perform())


def panels(findings: Findings) -> list[tuple[str, list[plot.Row]]]:
    shown = []
    for title, measure in (("CPU µs per unary request", "unary.cpu_us"), ("CPU µs per streamed chunk", "chunk.cpu_us")):
        rows: list[plot.Row] = []
        for name in contenders.NAMES:
            value = findings.book.median(name, measure)
            if value:
                rows.append((findings.titles[name].replace("`", ""), value, name == "haechi"))
        shown.append((title, sorted(rows, key=lambda row: row[1])))
    return shown


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the gateway beside others.")
    parser.add_argument("--rounds", type=int, default=report.ENOUGH, help="rounds of all contenders (default 7)")
    parser.add_argument("--idle-rounds", type=int, default=3, help="rounds that also open idle streams (default 3)")
    parser.add_argument("--only", help=f"some of {', '.join((*contenders.NAMES, *contenders.PARTS))}; prints only")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"), help="the page to write")
    parser.add_argument("--quick", action="store_true", help="two short rounds, the light contenders; prints only")
    arguments = parser.parse_args()
    try:
        arguments.only = chosen(arguments.only) if arguments.only else None
    except ValueError as error:
        parser.error(str(error))
    return arguments


def _order(arguments: argparse.Namespace) -> Order:
    files = min(MOST_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    names, parts = arguments.only or (contenders.LIGHT if arguments.quick else contenders.NAMES, contenders.PARTS)
    rounds, idle_rounds = (2, 1) if arguments.quick else (arguments.rounds, arguments.idle_rounds)
    whole = not arguments.quick and arguments.only is None and rounds >= report.ENOUGH
    return Order(names, parts, rounds, idle_rounds, TIME_LIMIT, files, quick=arguments.quick, whole=whole)


def setting(command: str) -> report.Setting:
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    cores = "cores 0 and 1" if GATEWAY_CORE != LOAD_CORE else "one core for all, so latencies mean little"
    version = subprocess.run([nginx.command() or "nginx", "-v"], capture_output=True, text=True, check=False).stderr
    return report.Setting(
        machine=f"{model.replace('(R)', '')}, {os.cpu_count()} CPUs, {cores}, Linux {platform.release()}",
        software=f"Python {platform.python_version()}, nginx {version.strip().rpartition('/')[2]}",
        date=datetime.now(UTC).date().isoformat(),
        command=command,
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


if __name__ == "__main__":
    sys.exit(main())
