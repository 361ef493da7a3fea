"""Who is asked about policies that somebody writes: a process apart, which a pattern may bring to a stand and nothing else suffers.

It is started with the first question and ended when nobody asked for a while. It has none of the gateway's environment, and answers one
question after the other, each in a process of its own with bounds on time and memory (`gateway.drafting`).
"""

import asyncio
import os
import struct
import sys
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gateway.drafts.asked import Checked, Job, Tried

HEAD: Final = struct.Struct(">BI")
"""Of an answer: how it went, and how many bytes follow. Before a question stands its length alone, with 0 for how it went."""
DONE, LATE, DIED = 0, 1, 2
SECONDS: Final = 10.0
"""For one question."""
_PATIENCE: Final = 60.0
_IDLE: Final = 300.0
_MOST_WAITING: Final = 8
_MOST_PAGES: Final = 256
_MOST_PROVEN: Final = 256
_MOST_BYTES: Final = 4 * 1024 * 1024
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH")
T = TypeVar("T")


class Unanswered(Exception):
    """`why` is a key of what the pages say: `busy`, `late`, `failed` or `newer`, where the same page has asked again since."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Drafts:
    """In the running event loop."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._newest: dict[str, int] = {}
        self._count = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._closed = False
        self._proven: OrderedDict[bytes, Checked] = OrderedDict()

    async def check(self, job: Job, page: str = "") -> Checked:
        """Raises `Unanswered`. Of questions from one page only the newest is answered."""
        return await self._asked(job, page, Checked)

    async def prove(self, job: Job) -> Checked:
        """The same policy proves the same, so it is asked once. Raises `Unanswered`."""
        key = blake2b(msgspec.msgpack.encode(job), digest_size=16).digest()
        if key not in self._proven:
            self._proven[key] = await self._asked(job, "", Checked)
            if len(self._proven) > _MOST_PROVEN:
                self._proven.popitem(last=False)
        return self._proven[key]

    async def try_box(self, job: Job, page: str = "") -> Tried:
        """Raises `Unanswered`."""
        return await self._asked(job, page, Tried)

    async def aclose(self) -> None:
        """Whoever waits is sent away."""
        self._closed = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        async with self._turn:
            await self._end()

    async def _asked(self, job: Job, page: str, kind: type[T]) -> T:
        asked = msgspec.msgpack.encode(job)
        if len(asked) > _MOST_BYTES:
            raise Unanswered("failed")
        if self._waiting >= _MOST_WAITING:
            raise Unanswered("busy")
        self._count += 1
        mine = self._count
        if page:
            self._newest.pop(page, None)
            self._newest[page] = mine
            if len(self._newest) > _MOST_PAGES:
                self._newest.pop(next(iter(self._newest)))
        self._waiting += 1
        try:
            async with self._turn:
                if page and self._newest.get(page, mine) != mine:
                    raise Unanswered("newer")
                return msgspec.msgpack.decode(await self._answer(asked), type=kind)
        finally:
            self._waiting -= 1

    async def _answer(self, asked: bytes) -> bytes:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise Unanswered("failed")
        answered = False
        try:
            async with asyncio.timeout(_PATIENCE):
                process.stdin.write(HEAD.pack(DONE, len(asked)) + asked)
                await process.stdin.drain()
                went, length = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
                body = await process.stdout.readexactly(length)
            answered = True
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            raise Unanswered("failed") from None
        finally:
            if not answered:  # an answer to this question may come still, and is none to the next
                await self._end()
        if went != DONE:
            raise Unanswered("late" if went == LATE else "failed")
        self._leave_later()
        return body

    async def _running(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise Unanswered("failed")
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "gateway.drafting",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # a trace might quote what somebody wrote
                env=_environment(os.environ),
            )
        return self._process

    def _leave_later(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        self._leaving = asyncio.get_running_loop().call_later(_IDLE, self._leave)

    def _leave(self) -> None:
        """What it has held of questions is gone with it."""
        if self._process is not None and self._process.returncode is None and not self._turn.locked():
            self._process.kill()

    async def _end(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """Where this package is found, and nothing that a policy could be after."""
    kept = {name: env[name] for name in _PASSED_ON if name in env}
    own = str(Path(__file__).resolve().parents[2])
    kept["PYTHONPATH"] = os.pathsep.join([own, *filter(None, [kept.get("PYTHONPATH")])])
    return kept
