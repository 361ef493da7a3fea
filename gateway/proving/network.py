"""That a detector asks nobody while it is imported and made: in a process of its own, whose every attempt is denied and told.

This file is also the program of that process: it gets what to make on its standard input.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.proving.struct import written
from gateway.proving.subject import Failure, Subject

PROMISE: Final = "network"
_SECONDS: Final = 120.0
_PROGRAM: Final = Path(__file__).with_name("alone.py")


def network_failures(subject: Subject) -> Iterator[Failure]:
    struct = type(subject.detector)
    if struct.__module__ == "__main__" or "<" in struct.__qualname__:
        return  # nobody else can import it
    asked = {
        "path": sys.path,
        "module": struct.__module__,
        "name": struct.__qualname__,
        "fields": written(subject.detector),
    }
    try:
        done = subprocess.run(  # noqa: S603 - this very Python, and a program of ours
            [sys.executable, str(_PROGRAM)],
            input=msgspec.json.encode(asked),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield Failure("time", f"it takes more than {_SECONDS:g} s to be imported and made")
        return
    if done.returncode:
        yield Failure(PROMISE, f"it cannot be imported from {struct.__module__} by itself: {_last(done.stderr)}")
        return
    said: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    for when, how in (("imported", said["import"]), ("made", said["making"])):
        if how:
            message = (
                f"it asks somebody when it is {when} ({', '.join(how)}); take models from a path, and connect in `look`"
            )
            yield Failure(PROMISE, message)


def _last(said: bytes) -> str:
    return (said.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
