"""Processes that a process has started, as the kernel knows them."""

from pathlib import Path


def children(pid: int) -> list[int]:
    """Of all its threads."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(one) for path in found for one in path.read_text().split())
