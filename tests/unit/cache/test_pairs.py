"""Files of labelled pairs, and what the project's own hold."""

from collections import Counter
from pathlib import Path

import pytest

from gateway.cache.pairs import BadPairs, half_of, read
from tests.pairs.corpus import corpus, made, written


def test_a_file_of_other_people_is_read(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(
        '{"text_a": "a", "text_b": "b", "duplicate": true, "similarity": 0.5, "note": 1}\n\n{"text_a": "c", "text_b": "d", "duplicate": false}'
    )
    first, second = read(file)
    assert (first.similarity, first.category, second.duplicate) == (0.5, "other", False)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"text_a": "secret", "text_b": "b"}', "duplicate"),
        ('{"text_a": "secret", "text_b": 5, "duplicate": true}', "text_b"),
        ('{"text_a": "secret"', "truncated"),
        ('["secret"]', "object"),
    ],
)
def test_a_mistake_is_told_by_file_and_line_without_its_text(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"text_a": "a", "text_b": "b", "duplicate": true}\n' + line + "\n")
    with pytest.raises(BadPairs) as wrong:
        read(file)
    assert str(wrong.value).startswith(f"{file}:2: ")
    assert says in str(wrong.value)
    assert "secret" not in str(wrong.value)


def test_no_file_and_no_pairs_are_mistakes(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(BadPairs, match="holds no pairs"):
        read(tmp_path / "empty")
    with pytest.raises(BadPairs, match="No such file"):
        read(tmp_path / "none")


def test_there_are_enough_pairs_of_each_kind() -> None:
    traps = {"number", "identifier", "entity", "negation", "antonym", "role_swap", "scope", "time", "unit"}
    for lang, positives in (
        ("en", {"paraphrase", "reordering", "double_negation"}),
        ("ko", {"paraphrase", "reordering", "double_negation", "politeness", "particle"}),
    ):
        assert len(made(lang)) > 1_000
        assert len(written(lang)) >= 120
        kinds = {
            label: Counter(pair.category for pair in made(lang) + written(lang) if pair.duplicate is label)
            for label in (True, False)
        }
        assert positives <= kinds[True].keys()
        assert traps <= kinds[False].keys()
    assert sum(bool(pair.history_a) for pair in corpus()) == 100


def test_no_two_pairs_are_alike_and_a_seed_makes_the_same_ones() -> None:
    pairs = made("en") + made("ko")
    assert len({frozenset((pair.text_a, pair.text_b)) for pair in pairs}) == len(pairs)
    assert made("ko", 7) == made("ko", 7) != made("ko", 8)


def test_a_family_stays_in_one_half() -> None:
    halves: dict[str, set[int]] = {}
    for pair in corpus():
        halves.setdefault(pair.family or pair.id, set()).add(half_of(pair))
    assert all(len(half) == 1 for half in halves.values())
    assert {0, 1} == set().union(*halves.values())
