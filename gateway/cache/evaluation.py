"""What `haechi cache eval` prints: an evaluation of labelled pairs as sentences, as data, and as curves.

Imports the tables of words; whoever does not evaluate leaves it alone.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gateway.cache import evaluate
from gateway.cache.bounds import upper
from gateway.cache.curve import Curve, points
from gateway.cache.embedder import Library
from gateway.cache.evaluate import THRESHOLDS, Evaluation, Figures, Judged, figures
from gateway.cache.pairs import half_of, read


class Found(NamedTuple):
    """`text`: for a person. `data`: the same, for a program."""

    text: str
    data: dict[str, Any]
    curves: list[Curve]


def evaluated(path: Path, embedder: Library, target: float) -> Found:
    """Raises `BadPairs`."""
    judged = evaluate.judged(read(path), embedder)
    found = evaluate.evaluate(judged, target)
    data = {"target": target, "languages": [_data(one) for one in found]}
    return Found(evaluate.table(found, target), data, [_curve(one, judged) for one in found])


def _data(one: Evaluation) -> dict[str, Any]:
    return {
        "language": one.language,
        "threshold": one.held.threshold,
        "met": one.needed == 0,
        "labels_needed": one.needed,
        "chosen_on": _figures(one.chosen),
        "held": _figures(one.held),
        "likeness_alone": _figures(one.unvetoed),
        "likeness_alone_at_its_own_threshold": _figures(one.alone),
    }


def _figures(of: Figures) -> dict[str, Any]:
    return {
        "threshold": of.threshold,
        "hits": of.hits,
        "wrong": of.wrong,
        "bound": of.bound,
        "recall": of.recall,
        "duplicates": {name: {"hits": hits, "pairs": count} for name, (hits, count) in of.by_category.items()},
        "traps": {
            name: {"hits": hits, "pairs": count, "bound": upper(hits, count)}
            for name, (hits, count) in of.wrong_by_category.items()
        },
    }


def _curve(one: Evaluation, judged: Sequence[Judged]) -> Curve:
    held = [pair for pair in judged if pair.pair.lang == one.language and half_of(pair.pair) == 1]

    def counted(threshold: float, vetoed: bool) -> tuple[int, int, int]:
        found = figures(held, threshold, vetoed=vetoed)
        return found.hits, found.wrong, found.duplicates

    vetoed, alone = (points(THRESHOLDS, counted, vetoed=with_veto) for with_veto in (True, False))
    return Curve(one.language, vetoed, alone, one.held.threshold)
