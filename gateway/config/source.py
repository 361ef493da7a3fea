"""A file as it was read: its text, and a stamp that changes when the file does."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the largest file that is read: far above any configuration, far below what would hurt."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Two equal stamps mean the same content, as far as the file system tells.

    The device and the inode are part of it because a mounted Kubernetes secret changes by swapping a symbolic link.
    """

    device: int
    inode: int
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Source:
    """What stood in the file, and the stamp taken from the open file before reading it."""

    text: str
    stamp: Stamp


class Unreadable(Exception):
    """The file cannot be read; the text says why and quotes nothing of it. `line` is where, if that is known."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


def read(path: Path) -> Source:
    """The whole file as UTF-8 text. A pipe or a device is refused rather than waited for."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("it is not a regular file")
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable((error.strerror or "it cannot be opened").lower()) from None
    except ValueError:  # a NUL in the name
        raise Unreadable("its name is not one that a file can have") from None
    if len(content) > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST} bytes")
    return Source(_decoded(content), _stamp(status))


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of the file as it is now, symbolic links followed; None where nothing can be read."""
    try:
        return _stamp(path.stat())
    except (OSError, ValueError):
        return None


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would otherwise wait for its writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    raise Unreadable("it is not UTF-8 text", line)


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
