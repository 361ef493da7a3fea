"""All promises of one detector, in the order in which one would mend them."""

from collections.abc import Iterator

from gateway.guards.check import Check
from gateway.policy.detectors import Guest
from gateway.policy.guests import is_by_patterns
from gateway.proving.checks import check_failures
from gateway.proving.network import network_failures
from gateway.proving.patterns import by_patterns, pattern_failures
from gateway.proving.silence import Listening
from gateway.proving.struct import struct_failures, written
from gateway.proving.subject import Failure, Subject


def failures(subject: Subject, check: Check | None = None) -> list[Failure]:
    """Each promise that is broken. `check` is made already where it is one of ours, which needs more than its struct."""
    found = list(struct_failures(subject))
    if not found and check is None and not _is_by_patterns(subject):
        check, found = _made(subject)
    found = found or list(_at_work(subject, check))
    return found or list(network_failures(subject))


def _at_work(subject: Subject, check: Check | None) -> Iterator[Failure]:
    listening = Listening(f"{written(subject.detector)} {check!r}")
    with listening.open():
        wrong = list(pattern_failures(subject) if check is None else check_failures(subject, check))
    yield from wrong
    yield from listening.failures(subject, f"{check!r} {getattr(check, '__dict__', '')}")


def _is_by_patterns(subject: Subject) -> bool:
    detector = subject.detector
    return is_by_patterns(type(detector)) if isinstance(detector, Guest) else by_patterns(detector)


def _made(subject: Subject) -> tuple[Check | None, list[Failure]]:
    making = getattr(subject.detector, "check", None)
    if making is None:
        return None, [Failure("check", "it is one of the gateway's own that is not made by its settings alone")]
    try:
        made: Check = making()
    except Exception as error:  # noqa: BLE001 - it is anybody's code that runs here
        return None, [
            Failure("check", f"`check` raises {type(error).__name__}; a setting that is wrong is a ValueError")
        ]
    if not callable(getattr(made, "look", None)):
        return None, [Failure("check", f"`check` gives a {type(made).__name__} without `look`")]
    return made, []
