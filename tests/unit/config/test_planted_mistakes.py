"""One run names every mistake, each once, with its line; and nothing that is only a consequence of another."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.load import load
from gateway.config.mistakes import ConfigError, Mistake
from tests.unit.config.planted import ENV, KINDS, PLANTS, SOUND, Plant, plant

EIGHT = (
    "unknown key",
    "wrong type",
    "pattern",
    "missing variable",
    "not one of",
    "unknown provider",
    "cycle",
    "duplicate key",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "haechi.yaml"


def mistakes(file: Path, text: str) -> list[Mistake]:
    file.write_text(text)
    try:
        load(file, ENV, kinds=KINDS)
    except ConfigError as error:
        return error.mistakes
    return []


def test_without_a_plant_there_is_no_mistake(file: Path) -> None:
    assert mistakes(file, SOUND) == []


@pytest.mark.parametrize("one", PLANTS, ids=lambda one: one.sort)
def test_a_single_mistake_is_the_only_one_reported(one: Plant, file: Path) -> None:
    text, lines = plant([one])
    found = mistakes(file, text)
    assert [mistake.line for mistake in found] == lines, [str(mistake) for mistake in found]
    assert one.says in str(found[0])


@given(chosen=st.sets(st.sampled_from(PLANTS), min_size=1))
@settings(max_examples=150, deadline=None)
def test_any_mistakes_together_are_all_reported_on_their_lines(chosen: set[Plant], file: Path) -> None:
    text, lines = plant(sorted(chosen, key=PLANTS.index))
    found = mistakes(file, text)
    assert [mistake.line for mistake in found] == lines, "\n".join(map(str, found))


def test_eight_mistakes_of_different_sorts_give_eight_lines(file: Path) -> None:
    chosen = [one for one in PLANTS if one.sort in EIGHT]
    text, lines = plant(chosen)
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, ENV, kinds=KINDS)
    said = str(caught.value).splitlines()
    assert len(chosen) == len(said) == 8
    for line, text in zip(lines, said, strict=True):
        assert text.startswith(f"{file}:{line}: ")
    assert all(any(one.says in text for text in said) for one in chosen)
