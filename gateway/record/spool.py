"""Batches on disk between the process that serves and the one that keeps records: what is in here outlives both.

A root folder holds a spool for each gateway, and a spool its batches in segments, which are files of some megabytes:

    ROOT/SPOOL/00000001.seg  frames: mark, length and CRC32 of the content, the content (a `Batch` in MessagePack)
              /writer.lock   held by the gateway that writes; free means that nothing more will come
              /reader.lock   held by whoever reads
              /settles       the sink that settles its money, by name; `-` where none does
              /NAME.at       how far the sink of this name has got, as a hint: a sink keeps its own position

A frame is written at once or not at all. What is left of one that could not be, by a machine that failed or a disk that filled up, is
recognised and passed over.
"""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec

from gateway.record.batch import Batch, Position

_MARK: Final = b"\xf5HB\x01"
"""The first byte is in no UTF-8 text."""
_HEAD: Final = struct.Struct("<4sII")
_SEGMENT: Final = 8 << 20
_MEASURE_EVERY: Final = 1.0
_END: Final = ".seg"
_ID: Final = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}")
_SETTLES: Final = "settles"
_NOBODY: Final = "-"
LEDGER: Final = "ledger"
"""The name of the sink that settles money."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Batch).decode


class Full(Exception):
    """The spools of this root hold as much as they may."""


def framed(content: bytes) -> bytes:
    length = len(content)
    return _HEAD.pack(_MARK, length, crc32(content)) + content


class SpoolWriter:
    """A new spool below `root`, of one process. All spools of the root together hold `most_bytes` at most.

    `settles` names the sink that has to have what is in it before it may go, if one has to. Raises OSError where the folder cannot be made.
    """

    def __init__(
        self,
        root: Path,
        most_bytes: int,
        *,
        settles: str = LEDGER,
        segment: int = _SEGMENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root = root
        self._most = most_bytes
        self._segment = min(segment, most_bytes // 4)
        self._clock = clock
        self.id = f"{time.time_ns() // 1000:016x}-{secrets.token_hex(4)}"
        self.folder = root / self.id
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = root / f".{self.id}"  # nobody takes it for one whose writer is gone before it is locked
        new.mkdir(mode=0o700)
        self._lock = _locked(new / "writer.lock")
        with contextlib.suppress(OSError):  # a full disk: a spool that says nothing waits for a ledger
            _write_new(new / _SETTLES, (settles or _NOBODY).encode())
        new.rename(self.folder)
        self._number = 0
        self._file = -1
        self._offset = 0
        self._measured_at = 0.0
        self.position = Position(self.id, 0, 0)
        """Where the last batch ends."""
        self.bytes = 0
        self.measure()

    def append(self, batch: Batch, *, spare: int = 0) -> None:
        """Raises OSError where the disk refuses, and `Full`: then nothing of the batch is there. It may take `spare` bytes
        beyond what spools may hold.
        """
        frame = framed(_encode(batch))
        self._make_room(len(frame) - spare)
        if self._file < 0 or (self._offset and self._offset + len(frame) > self._segment):
            self._begin()
        left = memoryview(frame)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            self._take_back()
            raise
        self._offset += len(frame)
        self.position = Position(self.id, self._number, self._offset)
        self.bytes += len(frame)

    def sync(self) -> None:
        """What was appended outlives the machine. Raises OSError: it does not, though it outlives this process."""
        if self._file >= 0:
            os.fdatasync(self._file)

    def measure(self) -> int:
        """How many bytes all spools of the root hold now: readers delete what they are done with."""
        self._measured_at = self._clock()
        self.bytes = sum(map(_size, self._root.glob(f"*/*{_END}")))
        return self.bytes

    def close(self) -> None:
        """Nothing more will come. Closing twice is closing once."""
        self._leave()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _make_room(self, more: int) -> None:
        if self.bytes + more <= self._most:
            return
        if self._clock() - self._measured_at >= _MEASURE_EVERY:
            self.measure()
        if self.bytes + more > self._most:
            if self._offset:  # a segment is deleted once another is there
                self._begin()
            raise Full

    def _begin(self) -> None:
        self._leave()
        path = self.folder / f"{self._number + 1:08d}{_END}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._number += 1
        self._offset = 0
        with contextlib.suppress(OSError):  # so that the file's name outlives the machine, too
            _sync_folder(self.folder)

    def _take_back(self) -> None:
        """Half a frame, for which readers would wait. Where it stays, the next batch begins a segment of its own."""
        try:
            os.ftruncate(self._file, self._offset)
        except OSError:
            self._leave()

    def _leave(self) -> None:
        if self._file >= 0:
            file, self._file = self._file, -1
            with contextlib.suppress(OSError):
                os.close(file)


class SpoolReader:
    """Reads one spool in order, from behind `after`. Several may, each on its own.

    A batch is given once it is whole. One that will never be is passed over, with `unreadable` counting its bytes.
    """

    def __init__(self, folder: Path, after: Position | None = None) -> None:
        self.folder = folder
        self.unreadable = 0
        self.finished = False
        """All has been given, and nothing more will come."""
        self._number = after.segment if after is not None else 0
        self._offset = after.offset if after is not None else 0
        self._content = b""
        self._begins = 0  # the offset at which `_content` does
        self._ended = False

    @property
    def position(self) -> Position:
        """Behind the last batch that was given."""
        return Position(self.folder.name, self._number, self._offset)

    def next(self) -> tuple[Batch, Position] | None:
        """The next batch and where it ends, or None if there is none for now. Raises OSError where the disk refuses."""
        while not self.finished:
            later = self._later()
            nothing_more = (
                bool(later) or self._writer_is_gone()
            )  # asked before the last look, or what came since is lost
            found = self._read()
            if found is not None:
                return found
            if not nothing_more:
                return None
            if (behind := self._next_mark()) is not None:
                self._pass_over(behind - self._offset)
                continue
            self._pass_over(self._begins + len(self._content) - self._offset)
            later = later or self._later()
            if not later:
                self.finished = True
                break
            self._number, self._offset, self._content, self._begins = later[0], 0, b"", 0
        return None

    def _read(self) -> tuple[Batch, Position] | None:
        batch = self._taken()
        if batch is None:
            self._look()
            batch = self._taken()
        return None if batch is None else (batch, self.position)

    def _taken(self) -> Batch | None:
        """The frame at the offset, if it is whole. What is not may be written anew: it is read again from its begin."""
        while (content := self._whole()) is not None:
            self._offset += _HEAD.size + len(content)
            try:
                return _decode(content)
            except msgspec.DecodeError:  # as another version wrote it
                self.unreadable += _HEAD.size + len(content)
        return None

    def _whole(self) -> memoryview | None:
        at = self._offset - self._begins
        if len(self._content) < at + _HEAD.size:
            return None
        mark, length, wanted = _HEAD.unpack_from(self._content, at)
        content = memoryview(self._content)[at + _HEAD.size : at + _HEAD.size + length]
        good = mark == _MARK and len(content) == length and crc32(content) == wanted
        return content if good else None

    def _look(self) -> None:
        """Reads on from the offset."""
        self._content, self._begins = b"", self._offset
        if not self._number:
            return
        with contextlib.suppress(FileNotFoundError), (self.folder / f"{self._number:08d}{_END}").open("rb") as file:
            file.seek(self._offset)
            self._content = file.read()

    def _later(self) -> list[int]:
        return [one for one in segments(self.folder) if one > self._number]

    def _writer_is_gone(self) -> bool:
        self._ended = self._ended or is_free(self.folder / "writer.lock")
        return self._ended

    def _next_mark(self) -> int | None:
        """Where another frame may begin behind what cannot be read."""
        found = self._content.find(_MARK, self._offset - self._begins + 1)
        return None if found < 0 else self._begins + found

    def _pass_over(self, count: int) -> None:
        self.unreadable += count
        self._offset += count


def segments(folder: Path) -> list[int]:
    """The numbers of those that are there, in their order."""
    names = (path.name.removesuffix(_END) for path in folder.glob(f"*{_END}"))
    return sorted(int(name) for name in names if name.isdecimal())


def release(folder: Path, position: Position) -> None:
    """Deletes the segments that lie before the one of this position."""
    for number in segments(folder):
        if number < position.segment:
            (folder / f"{number:08d}{_END}").unlink(missing_ok=True)


def remove(folder: Path) -> bool:
    """A spool whose writer is gone and whose batches are kept elsewhere. Whether it is gone, and no failure of the machine brings it back."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _sync_folder(folder.parent)
    except OSError:
        return False
    return not folder.exists()


def spools(root: Path) -> Iterator[Path]:
    """Those below a root, the oldest first. Other folders there are somebody else's: a spool in which nothing is would be removed."""
    yield from sorted(path for path in root.glob("[!.]*") if _ID.fullmatch(path.name) and path.is_dir())


def settled_by(folder: Path) -> str:
    """The sink that has to have what is in a spool before it may go; empty where none has to. What says nothing may be a ledger's."""
    try:
        said = (folder / _SETTLES).read_text()
    except (OSError, UnicodeError):
        return LEDGER
    return "" if said == _NOBODY else said or LEDGER


def take_over(folder: Path) -> int | None:
    """The file descriptor of a reader's lock, or None where somebody else reads. Closing it gives it back."""
    try:
        return _locked(folder / "reader.lock")
    except OSError:
        return None


def is_free(lock: Path) -> bool:
    """Whether nobody holds it. One that is not there is held by nobody."""
    try:
        file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def cursor(folder: Path, name: str) -> Position | None:
    """How far the sink of this name had got when it was last noted."""
    try:
        return msgspec.json.decode((folder / f"{name}.at").read_bytes(), type=Position)
    except (OSError, msgspec.DecodeError):
        return None


def note(folder: Path, name: str, position: Position) -> None:
    """Raises OSError."""
    put(folder / f"{name}.at", msgspec.json.encode(position))


def put(path: Path, content: bytes) -> None:
    """Replaces a file in one step. Raises OSError."""
    new = path.with_name(f".{path.name}")
    new.write_bytes(content)
    new.replace(path)


def _locked(path: Path) -> int:
    """Raises BlockingIOError where somebody else holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _write_new(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
