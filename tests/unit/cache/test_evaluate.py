import numpy as np
import pytest

from gateway.cache.evaluate import Judged, choose, evaluate, figures, judged, table
from gateway.cache.pairs import Pair, half_of


class Lengths:
    """An embedder that finds texts of like lengths alike."""

    id = "lengths"
    dimensions = 2

    def embed(self, texts: object, /) -> object:
        angles = np.array([len(text) / 100 for text in texts])  # type: ignore[attr-defined]
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def pair(number: int, *, duplicate: bool, **more: object) -> Pair:
    return Pair(text_a="Is it?", text_b="Is it!", duplicate=duplicate, lang="en", id=str(number), **more)  # type: ignore[arg-type]


def of(similarity: float, number: int = 0, *, duplicate: bool = True, reasons: tuple[str, ...] = ()) -> Judged:
    return Judged(pair(number, duplicate=duplicate), similarity, reasons)


def test_a_hit_is_similar_enough_in_the_same_scope_and_not_vetoed() -> None:
    assert of(0.9).hit(0.9)
    assert not of(0.89).hit(0.9)
    assert not of(0.9, reasons=("number",)).hit(0.9)
    assert of(0.9, reasons=("number",)).hit(0.9, vetoed=False)
    assert not Judged(pair(1, duplicate=True, history_a=("a",)), 1.0, ()).hit(0.9)


def test_the_loosest_threshold_within_the_target_is_chosen() -> None:
    clean = [of(0.9) for _ in range(400)]
    assert choose([*clean, of(0.8, duplicate=False), of(0.79, duplicate=False)], 0.01) == pytest.approx(0.805)
    assert choose([*clean, of(0.8, duplicate=False)], 0.02) == pytest.approx(0.7)


def test_without_enough_labels_the_lowest_bound_is_chosen() -> None:
    some = [of(0.9) for _ in range(20)]
    assert choose([*some, of(0.8, duplicate=False)], 0.01) == pytest.approx(0.9)


def test_figures_count_hits_by_category() -> None:
    found = figures([of(0.9), of(0.5), of(0.9, duplicate=False)], 0.8)
    assert (found.hits, found.wrong, found.duplicates, found.recall) == (2, 1, 2, 0.5)
    assert found.by_category == {"other": (1, 2)}
    assert found.wrong_by_category == {"other": (1, 1)}


def test_what_is_chosen_on_one_half_is_judged_on_the_other() -> None:
    everything = [of(0.9, number) for number in range(2_000)]
    held = [one for one in everything if half_of(one.pair) == 1]
    bad = [Judged(one.pair, 0.75, ()) for one in held[:5]]
    wrong = [Judged(pair(int(one.pair.id), duplicate=False), 0.75, ()) for one in bad]
    (one,) = evaluate([*everything, *wrong], 0.01)
    assert (one.chosen.wrong, one.held.wrong) == (0, 5)
    assert one.held.threshold == pytest.approx(0.7)
    assert one.held.hits == len(held) + 5
    assert "5 wrong" in table([one], 0.01)


def test_a_recorded_similarity_is_taken_and_another_made() -> None:
    recorded, made = judged([pair(1, duplicate=True, similarity=0.25), pair(2, duplicate=True)], Lengths())
    assert recorded.similarity == 0.25
    assert made.similarity == pytest.approx(1.0)
    assert recorded.reasons == ()
