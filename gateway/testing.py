"""For the tests of whoever writes policies or detectors, for use in pytest.

`run_policy_tests` is what `haechi policy test` runs; `check_detector` is the suite that a detector of another distribution must pass.

from gateway.testing import check_detector, run_policy_tests

def test_our_policies() -> None:
    run_policy_tests(["policies"])

def test_our_detector() -> None:
    check_detector(Ticket(prefix="ACME"), positives=["see ACME-123456"], negatives=["ACME-12"])
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gateway.app import KNOWN_ENTITIES
from gateway.guards.check import Setting
from gateway.policy.detectors import Detector
from gateway.policy.load import files_of, load_files
from gateway.proving.subject import Subject, said_at
from gateway.proving.suite import failures
from gateway.trying.trial import try_policies


class PolicyTestsFailed(AssertionError):
    """One line for each failure: file and line, what was expected and what came."""


def run_policy_tests(paths: Iterable[Path | str], env: Mapping[str, str] = os.environ) -> int:
    """Runs the tests of these policies, a folder standing for all `*.yaml` in it, and tells how many there were.

    Raises `PolicyTestsFailed`, and `ConfigError` for mistakes in a file. Names of models, teams and tags are not judged.
    """
    outcome = asyncio.run(try_policies(load_files(files_of(Path(one) for one in paths), env, KNOWN_ENTITIES)))
    if outcome.failures:
        raise PolicyTestsFailed("\n".join(str(one) for one in outcome.failures))
    return outcome.tried


class DetectorUnfit(AssertionError):
    """One line for each promise that is broken: which, how, and what to do."""


def check_detector(
    detector: Detector,
    *,
    positives: Sequence[str],
    negatives: Sequence[str] = (),
    disguises: bool = True,
    place: str = "user",
    tool: str = "",
    setting: Setting | None = None,
) -> None:
    """Raises `DetectorUnfit` where the detector breaks a promise that the gateway relies on.

    Something has to be found in each of `positives` and nothing in `negatives`; they should be made up, since they are
    passed around. `disguises`: full-width characters, other dashes and invisible characters must not hide a value; say False where the
    meaning counts. `place`, `tool` and `setting` are what a check is told besides the text. Takes seconds, most of it for a process
    of its own in which the detector is imported without a network.
    """
    if not positives:
        raise ValueError("give at least one text in which something is to be found")
    subject = Subject(detector, positives, negatives, disguises, said_at(place, tool, setting))
    if wrong := failures(subject):
        kind = type(detector).__struct_config__.tag
        raise DetectorUnfit("\n".join([f"the detector `{kind}` breaks a promise:", *(f"  {one}" for one in wrong)]))
