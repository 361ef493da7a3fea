"""Reads questions from standard input and writes answers to standard output, one after the other.

Each question is answered by a child that is forked for it: it begins with all that is imported, shares nothing with the next, and is ended by the
kernel when its time is over, whatever it is at.
"""

import contextlib
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from gateway.drafting.work import warm, work
from gateway.drafts.apart import DIED, DONE, HEAD, LATE, SECONDS

_MOST_MEMORY: Final = 512 * 1024**2
"""Of address space, beyond what is there at the start."""
_MOST_FILES: Final = 64
_NICE: Final = 10
_MOST_ANSWER: Final = 4 * 1024 * 1024
_FORBIDDEN: Final = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.",
    "os.exec",
    "os.system",
    "os.posix_spawn",
)


def main() -> None:
    """Until there are no more questions."""
    os.nice(_NICE)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    warm()  # else each child would load for itself what only mistakes need
    gc.collect()
    gc.freeze()  # what is shared stays shared
    while (question := _question(questions)) is not None:
        went, body = answered(question, work, SECONDS)
        answers.write(HEAD.pack(went, len(body)) + body)
        answers.flush()


def answered(question: bytes, by: Callable[[bytes], bytes], seconds: float) -> tuple[int, bytes]:
    """How it went, and the answer if there is one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(question, by, seconds, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        body = pipe.read(_MOST_ANSWER + 1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL):
        return LATE, b""
    return (DONE, body) if status == 0 and len(body) <= _MOST_ANSWER else (DIED, b"")


def _answer(question: bytes, by: Callable[[bytes], bytes], seconds: float, writing: int) -> None:
    """Never returns. What goes wrong is not told: it might quote what somebody wrote."""
    status = 1
    with contextlib.suppress(BaseException):
        _bind(seconds)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(by(question))
        status = 0
    os._exit(status)


def _bind(seconds: float) -> None:
    """Bounds that hold whatever is run: the kernel ends it. Nobody outside is asked."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    whole = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
    most = _held() + _MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, _MOST_FILES))
    sys.addaudithook(_refuse)


def _held() -> int:
    """Bytes of address space. Where nobody tells, a guess that is high."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 4 * _MOST_MEMORY


def _refuse(event: str, _: object) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def _question(stream: BinaryIO) -> bytes | None:
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    _, length = HEAD.unpack(head)
    question = stream.read(length)
    return question if len(question) == length else None


if __name__ == "__main__":
    main()
