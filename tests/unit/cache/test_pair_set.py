"""What the project promises of its own pairs, and that the command says so of anybody's."""

import sys
from pathlib import Path

import pytest

from gateway.cache.embed import load_library
from gateway.cache.evaluate import Evaluation, evaluate, judged
from gateway.cache.pairs import Pair
from tests.pairs.__main__ import main
from tests.pairs.corpus import corpus

TARGET = 0.01


@pytest.fixture(scope="module")
def evaluations() -> dict[str, Evaluation]:
    return {one.language: one for one in evaluate(judged(corpus(), load_library()), TARGET)}


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_on_the_held_half_hits_are_many_and_right(evaluations: dict[str, Evaluation], lang: str) -> None:
    held = evaluations[lang].held
    assert held.hits >= 299
    assert held.wrong <= TARGET * held.hits
    assert held.bound <= TARGET
    assert held.recall >= 0.25


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_likeness_alone_would_not_do(evaluations: dict[str, Evaluation], lang: str) -> None:
    assert evaluations[lang].unvetoed.wrong > 0.2 * evaluations[lang].unvetoed.hits
    assert evaluations[lang].alone.wrong > 0.2 * evaluations[lang].alone.hits


def test_pairs_with_other_turns_before_them_are_never_served(evaluations: dict[str, Evaluation]) -> None:
    for one in evaluations.values():
        for half in (one.chosen, one.held):
            assert half.wrong_by_category["history"][0] == 0 < half.wrong_by_category["history"][1]


def test_the_command_judges_a_file_of_other_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pairs.jsonl"
    rows = [
        f'{{"text_a": "Where is order {number}?", "text_b": "where is order {number + wrong}", "duplicate": {"false" if wrong else "true"}, '
        f'"category": "number", "similarity": 0.99}}'
        for number in range(40)
        for wrong in (0, 1)
    ]
    file.write_text("\n".join(rows))
    monkeypatch.setattr(sys, "argv", ["pairs", "--file", str(file)])
    assert main() == 0
    said = capsys.readouterr().out
    assert "0 wrong" in said
    assert "more reviewed hits needed" in said
    file.write_text("{}")
    assert main() == 2
    assert f"{file}:1: " in capsys.readouterr().err


def test_a_pair_shows_its_texts_to_nobody_by_chance() -> None:
    assert "secret" not in repr(Pair(text_a="secret", text_b="secret", duplicate=True))
