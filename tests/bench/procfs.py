"""What Linux says about a process tree: CPU time in nanoseconds, resident memory, children."""

from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """CPU time of the process, its threads and its descendants. A thread that has ended is no longer counted."""
    return cpu_seconds_of(family(pid))


def cpu_seconds_of(members: Iterable[int]) -> float:
    """CPU time of these processes and their threads; finding the members first takes a walk over all that run."""
    return sum(_run_nanoseconds(member) for member in members) / 1e9


def resident_bytes(pid: int) -> int:
    """Resident memory of the process and its descendants; pages that they share count once for each."""
    return sum(_resident(member) for member in family(pid))


def family(pid: int) -> list[int]:
    """The process and every living descendant."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            children.setdefault(parent_of(_read(entry / "stat")), []).append(int(entry.name))
    members = [pid]
    for member in members:
        members.extend(children.get(member, []))
    return members


def run_nanoseconds(schedstat: str) -> int:
    """First field of a `schedstat` file: time on a CPU. An empty text (the thread has ended) is 0."""
    fields = schedstat.split()
    return int(fields[0]) if fields else 0


def parent_of(stat: str) -> int:
    """Parent from a `stat` line, whose command name may hold spaces and brackets; -1 when the process has ended."""
    fields = stat[stat.rfind(")") + 1 :].split()
    return int(fields[1]) if len(fields) > 1 else -1


def rollup_bytes(smaps_rollup: str) -> int:
    """The `Rss:` line of a `smaps_rollup` file, in bytes; 0 when there is none."""
    for line in smaps_rollup.splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    return 0


def _run_nanoseconds(pid: int) -> int:
    return sum(run_nanoseconds(_read(task / "schedstat")) for task in _tasks(pid))


def _tasks(pid: int) -> list[Path]:
    try:
        return list((PROC / str(pid) / "task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def _resident(pid: int) -> int:
    return rollup_bytes(_read(PROC / str(pid) / "smaps_rollup"))


def _read(path: Path) -> str:
    """The file's text, or nothing when its process ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
