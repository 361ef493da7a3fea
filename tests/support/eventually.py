"""Waiting for what another process does: asked again and again, with an end."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_LISTEN = "0A"


def eventually(look: Callable[[], T], seconds: float = 20) -> T:
    """The first true thing that `look` sees; what it saw last is in the failure."""
    ends = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < ends, f"not within {seconds:g} s: {seen!r}"
        time.sleep(0.01)
    return seen


def shortest(measure: Callable[[], float], enough: float, tries: int = 20) -> float:
    """The least of what is measured, until one is `enough`.

    A try that a machine's other work delays says nothing; what is late by itself is late each time.
    """
    least = measure()
    for _ in range(tries - 1):
        if least <= enough:
            break
        least = min(least, measure())
    return least


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def connections(url: str) -> int:
    """How many connections the server at this loopback address holds; those that the kernel winds up alone do not count."""
    port = f":{int(url.rsplit(':', 1)[1]):04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[1].endswith(port) and row[3] != _LISTEN and row[9] != "0")


def resident_bytes(pid: int) -> int:
    """Memory that the process really holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def records(file: Path) -> list[dict[str, Any]]:
    """Lines of a records file that are whole."""
    whole, _, _ = file.read_bytes().rpartition(b"\n")
    return [msgspec.json.decode(line) for line in whole.splitlines()]


def in_flight(metrics: str) -> float:
    """The sum of `haechi_target_in_flight` on a metrics page."""
    lines = [line for line in metrics.splitlines() if line.startswith("haechi_target_in_flight{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
