"""What memory holds, over a restart: written now and then, and when the gateway ends; read when it begins.

Two files. The first holds entries, epochs, marks and certificates. The second, `….purged`, holds the epochs, and is written before a purge is
said to be done: whoever is killed after that does not give again what was purged. Beside them lies a lock, so that one process has them.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.cache.memory import Memory
from gateway.cache.pieces import Unreadable, Writer, read
from gateway.cache.store import Record

log = logging.getLogger("haechi")

EVERY: Final = 300.0
"""Seconds between two writings. Who is killed loses the answers since the last, and complaints too."""
_RECORDS: Final = 256
_PIECE: Final = 1024 * 1024
_BESIDE: Final = 64 * 1024 * 1024
"""Bytes that a file may have beside twice those of its entries."""


class State(msgspec.Struct, array_like=True):
    """All but the entries."""

    epochs: dict[str, int] = {}
    saved: dict[str, bytes] = {}


_encode = msgspec.msgpack.Encoder().encode
_states = msgspec.msgpack.Decoder(State)
_records = msgspec.msgpack.Decoder(list[Record])


class MemoryFile:
    """Of one `Memory`. `secrets`: the first encrypts, any of them opens; none: in clear. `wall` gives seconds since 1970.

    What goes wrong with the disk is said in the log; requests go on.
    """

    def __init__(
        self,
        file: Path,
        memory: Memory,
        secrets: Sequence[bytes],
        wall: Callable[[], float],
        every: float = EVERY,
    ) -> None:
        self._file = file
        self._purged = file.with_name(f"{file.name}.purged")
        self._memory = memory
        self._secrets = secrets
        self._wall = wall
        self._lock: int | None = None
        self._every = every
        self._ends = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._one_purge = asyncio.Lock()

    async def begin(self) -> None:
        """Reads what is there, and writes from now on; where another process has the file, neither."""
        if not self._locked():
            return
        try:
            await self._load()
        except OSError as error:
            self._leave(str(error.strerror))
            return
        self._memory.on_purge = self._write_purged
        self._writing = asyncio.get_running_loop().create_task(self._now_and_then())

    async def aclose(self) -> None:
        """Writes for the last time, when a writing under way is done: a thread that is in it cannot be stopped."""
        if self._writing is None or self._lock is None:
            return
        self._ends.set()
        await self._writing
        await self.write()
        self._memory.on_purge = None
        self._unlock()

    async def write(self) -> bool:
        """Whether it is on the disk. In pieces, each in a thread: the loop only gathers the next."""
        memory, secret = self._memory, self._secrets[0] if self._secrets else None
        writer: Writer | None = None
        try:
            writer = await asyncio.to_thread(Writer, self._file, secret)
            await asyncio.to_thread(_add, writer, State(*memory.state()))
            keys, now = memory.keys(), self._wall()
            while keys:
                await asyncio.to_thread(_add, writer, memory.records(keys, now, _RECORDS, _PIECE))
            await asyncio.to_thread(writer.finish)
        except OSError as error:
            log.warning("cache: %s was not written: %s", self._file, error.strerror)
            if writer is not None:
                await asyncio.to_thread(writer.give_up)
            return False
        return True

    async def _now_and_then(self) -> None:
        while not self._ends.is_set():
            try:
                async with asyncio.timeout(self._every):
                    await self._ends.wait()
            except TimeoutError:
                await self.write()

    async def _write_purged(self) -> bool:
        async with self._one_purge:
            state = State(self._memory.state()[0])
            try:
                await asyncio.to_thread(_write_state, self._purged, self._secrets[0] if self._secrets else None, state)
            except OSError as error:
                log.warning("cache: %s was not written: %s", self._purged, error.strerror)
                return False
            return True

    async def _load(self) -> None:
        most = 2 * self._memory.most_bytes + _BESIDE
        try:
            loaded = await asyncio.to_thread(_read, self._file, self._purged, self._secrets, most)
        except (Unreadable, msgspec.DecodeError, UnicodeDecodeError) as error:
            why = error if isinstance(error, Unreadable) else type(error).__name__
            log.warning("cache: %s is put aside as ….aside, and the cache begins empty: %s", self._file, why)
            for file in (self._file, self._purged):
                with contextlib.suppress(OSError):
                    file.rename(file.with_name(f"{file.name}.aside"))
            return
        state, pieces, now = *loaded, self._wall()
        self._memory.restore(state.epochs, state.saved)
        for records in pieces:
            for one in records:
                self._memory.take(one, now)
            await asyncio.sleep(0)
        if pieces:
            log.info("cache: %d answers were read from %s", len(self._memory), self._file)

    def _locked(self) -> bool:
        try:
            self._lock = os.open(f"{self._file}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._leave("another process has it")
        except OSError as error:
            self._leave(str(error.strerror))
        return self._lock is not None

    def _leave(self, why: str) -> None:
        log.warning("cache: %s is neither read nor written: %s", self._file, why)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _add(writer: Writer, said: Any) -> None:
    writer.add(_encode(said))


def _write_state(file: Path, secret: bytes | None, state: State) -> None:
    writer = Writer(file, secret)
    try:
        _add(writer, state)
        writer.finish()
    except OSError:
        writer.give_up()
        raise


def _read(file: Path, purged: Path, secrets: Sequence[bytes], most: int) -> tuple[State, list[list[Record]]]:
    """Epochs are the later of the two files', so the entries are of use only if both can be read."""
    later, found = read(purged, secrets, most), read(file, secrets, most)
    epochs = _states.decode(later[0]).epochs if later else {}
    state = _states.decode(found[0]) if found else State()
    for name, epoch in epochs.items():
        state.epochs[name] = max(epoch, state.epochs.get(name, 0))
    return state, [_records.decode(piece) for piece in (found or [])[1:]]
