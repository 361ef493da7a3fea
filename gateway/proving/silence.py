"""That a detector tells nobody what it saw: not in logs, warnings or output, nor when it is shown itself."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Final

from gateway.proving.subject import Failure, Subject

PROMISE: Final = "silence"
_RUN: Final = 8
"""Characters of a text in a row that are not there by chance."""


class Listening(logging.Handler):
    """Hears all that is logged, warned of and printed while it is open. `before` is what may be said: settings are no secret."""

    def __init__(self, before: str) -> None:
        super().__init__(logging.DEBUG)
        self._before = before
        self._logged: list[str] = []
        self._warned: list[warnings.WarningMessage] = []
        self._printed = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self._logged.append(logging.Formatter().format(record))

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            with (
                warnings.catch_warnings(record=True) as warned,
                contextlib.redirect_stdout(self._printed),
                contextlib.redirect_stderr(self._printed),
            ):
                warnings.simplefilter("always")
                yield
                self._warned = warned
        finally:
            root.setLevel(level)
            root.removeHandler(self)

    def failures(self, subject: Subject, shown: str) -> Iterator[Failure]:
        """`shown` is what a debugger would show of the detector once it has looked."""
        sinks = {
            "its log": "\n".join(self._logged),
            "a warning": "\n".join(str(one.message) for one in self._warned),
            "what it prints": self._printed.getvalue(),
            "its repr": shown,
        }
        for index, text in enumerate(subject.positives):
            for sink, said in sinks.items():
                if any(run in said and run not in self._before for run in _runs(text)):
                    yield Failure(
                        PROMISE,
                        f"{sink} holds some of positives[{index}]; tell the kind, never the text, and keep none of it",
                    )


def _runs(text: str) -> list[str]:
    return [text[at : at + _RUN] for at in range(len(text) - _RUN + 1)]
