"""One run names every mistake in every file, each once, with its line; and nothing that is only a consequence of another."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError, Mistake
from gateway.config.subject import Rows
from gateway.policy.load import load_policies
from tests.unit.policy.planted import ENTITIES, PLANTS, Plant, place_of, plant

HIDING = {
    "unknown parent",
    "no kind",
    "key misspelled for kind",
    "action misspelled",
    "action key misspelled",
    "two actions",
}
"""What another mistake may only be a consequence of, so that it is not told together with it."""
APART = [one for one in PLANTS if one.sort not in HIDING]


def mistakes(folder: Path, files: dict[str, str]) -> list[Mistake]:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    loaded = load_with_files(folder / "haechi.yaml", {}, Rows(kinds=["openai"]))
    try:
        load_policies(loaded, folder, {}, ENTITIES)
    except ConfigError as error:
        return error.mistakes
    return []


def places(folder: Path, found: list[Mistake]) -> list[tuple[str, int]]:
    return sorted((str(Path(one.file).relative_to(folder)), one.line) for one in found)


def test_without_a_plant_there_is_no_mistake(tmp_path: Path) -> None:
    assert [str(one) for one in mistakes(tmp_path, plant([])[0])] == []


@pytest.mark.parametrize("one", PLANTS, ids=lambda one: one.sort)
def test_a_single_mistake_is_the_only_one_reported(one: Plant, tmp_path: Path) -> None:
    files, where = plant([one])
    found = mistakes(tmp_path, files)
    assert places(tmp_path, found) == where, [str(mistake) for mistake in found]
    assert one.says in str(found[0])


@given(chosen=st.lists(st.sampled_from(APART), min_size=1, unique_by=place_of))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mistakes_together_are_all_reported_on_their_lines(chosen: list[Plant], tmp_path: Path) -> None:
    files, where = plant(chosen)
    found = mistakes(tmp_path, files)
    assert places(tmp_path, found) == where, "\n".join(map(str, found))
