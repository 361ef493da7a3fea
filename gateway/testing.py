"""For the tests of whoever writes policies: `run_policy_tests` is what `haechi policy test` runs, for use in pytest.

from gateway.testing import run_policy_tests

def test_our_policies() -> None:
    run_policy_tests(["policies"])
"""

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.app import KNOWN_ENTITIES
from gateway.policy.load import files_of, load_files
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
