"""A short run of `make fuzz`, always the same cases, and that it would tell."""

import random

import pytest

from tests.fuzz.cases import Result, leaks, run
from tests.fuzz.guards import MARK, Guards

CASES = 2_000


def test_chunking_changes_no_outcome_and_nothing_that_is_sent_is_part_of_a_match() -> None:
    rng, guards, result = random.Random(20), Guards(20), Result()
    wrong = [text for _ in range(CASES) if (text := run(rng, guards, result)) is not None]
    assert wrong == []
    assert (result.different, result.leaked) == (0, 0)
    assert result.found > CASES, "texts in which nothing is found prove nothing"
    assert result.held > 0


@pytest.mark.parametrize(
    ("sent", "is_leak"),
    [
        (["a ", "", MARK, " b"], False),
        (["a ", MARK + " b"], False),
        ([], False),
        (["a I", "NT", " b"], True),
        (["a ", MARK, " bc"], True),
    ],
)
def test_a_leak_is_whatever_the_whole_does_not_begin_with(sent: list[str], is_leak: bool) -> None:
    assert leaks(f"a {MARK} b", sent) == is_leak
