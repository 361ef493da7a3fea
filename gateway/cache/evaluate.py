"""How well threshold and veto tell questions apart, on labelled pairs: chosen on one half, judged on the other. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.cache.bounds import clean_needed, upper
from gateway.cache.embedder import Library
from gateway.cache.pairs import Pair, half_of
from gateway.cache.veto import veto

THRESHOLDS: Final = tuple(round(0.995 - 0.005 * step, 3) for step in range(60))
"""Tried from strict to loose; below the last no veto is trusted alone."""

_BATCH: Final = 512


@dataclass(frozen=True, slots=True)
class Judged:
    """`reasons`: categories of the veto, none if it lets the pair pass. A pair with other turns before it is no candidate."""

    pair: Pair
    similarity: float
    reasons: tuple[str, ...]

    def hit(self, threshold: float, *, vetoed: bool = True) -> bool:
        same_scope = self.pair.history_a == self.pair.history_b
        return same_scope and self.similarity >= threshold and not (vetoed and self.reasons)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one half and language. `by_category`: hits and pairs; `wrong_by_category` likewise, among those that are no duplicates."""

    threshold: float
    hits: int
    wrong: int
    duplicates: int
    by_category: dict[str, tuple[int, int]]
    wrong_by_category: dict[str, tuple[int, int]]

    @property
    def bound(self) -> float:
        return upper(self.wrong, self.hits)

    @property
    def recall(self) -> float:
        return (self.hits - self.wrong) / self.duplicates if self.duplicates else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`chosen`: on the half that chose; `held`: on the other; `unvetoed`: likewise, by likeness alone, at the same threshold.

    `alone`: the threshold that likeness alone would need, judged on the other half.
    """

    language: str
    chosen: Figures
    held: Figures
    unvetoed: Figures
    alone: Figures
    needed: int


def judged(pairs: Sequence[Pair], embedder: Library) -> list[Judged]:
    """A recorded similarity is taken as it is."""
    return [
        Judged(pair, similarity, tuple(dict.fromkeys(reason.category for reason in veto(pair.text_a, pair.text_b))))
        for pair, similarity in zip(pairs, _similarities(pairs, embedder), strict=True)
    ]


def evaluate(all_judged: Sequence[Judged], target: float) -> list[Evaluation]:
    """One for each language of the pairs."""
    languages = sorted({one.pair.lang for one in all_judged})
    return [_evaluation(lang, [one for one in all_judged if one.pair.lang == lang], target) for lang in languages]


def figures(of: Sequence[Judged], threshold: float, *, vetoed: bool = True) -> Figures:
    totals: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    hits: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for one in of:
        totals[one.pair.duplicate][one.pair.category] += 1
        hits[one.pair.duplicate][one.pair.category] += one.hit(threshold, vetoed=vetoed)
    right, wrong = hits[True].total(), hits[False].total()
    tables = {
        label: {name: (hits[label][name], count) for name, count in sorted(totals[label].items())} for label in totals
    }
    return Figures(threshold, right + wrong, wrong, totals[True].total(), tables[True], tables[False])


def choose(of: Sequence[Judged], target: float, *, vetoed: bool = True) -> float:
    """The loosest threshold whose bound is within the target; where none is, the one with the lowest bound."""
    bounds = {at: figures(of, at, vetoed=vetoed).bound for at in THRESHOLDS}
    within = [at for at in THRESHOLDS if bounds[at] <= target]
    return within[-1] if within else min(THRESHOLDS, key=lambda at: (bounds[at], -at))


def _evaluation(language: str, of: Sequence[Judged], target: float) -> Evaluation:
    choosing, held = ([one for one in of if half_of(one.pair) == half] for half in (0, 1))
    threshold = choose(choosing, target)
    alone = choose(choosing, target, vetoed=False)
    on_held = figures(held, threshold)
    return Evaluation(
        language,
        figures(choosing, threshold),
        on_held,
        figures(held, threshold, vetoed=False),
        figures(held, alone, vetoed=False),
        clean_needed(on_held.wrong, on_held.hits, target),
    )


def _similarities(pairs: Sequence[Pair], embedder: Library) -> Iterator[float]:
    for start in range(0, len(pairs), _BATCH):
        batch = pairs[start : start + _BATCH]
        missing = [pair for pair in batch if pair.similarity is None]
        one, other = (embedder.embed([getattr(pair, name) for pair in missing]) for name in ("text_a", "text_b"))
        made = iter((one * other).sum(axis=1).tolist())
        yield from (next(made) if pair.similarity is None else pair.similarity for pair in batch)


def table(evaluations: Sequence[Evaluation], target: float) -> str:
    """What a person reads."""
    return "\n\n".join(_section(one, target) for one in evaluations)


def _section(one: Evaluation, target: float) -> str:
    held, chosen = one.held, one.chosen
    lines = [
        f"{one.language or 'unknown language'}: threshold {held.threshold:.3f}, chosen on {_summary(chosen)}",
        f"  held half: {_summary(held)}",
        f"  likeness alone at the same threshold: {_summary(one.unvetoed)}",
        f"  likeness alone at its own threshold {one.alone.threshold:.3f}: {_summary(one.alone)}",
        f"  target {target:.2%}: "
        + ("met" if not one.needed else f"{one.needed} more reviewed hits needed, none of them wrong"),
        f"  {'category':<18}{'served':>8}{'pairs':>8}{'rate':>9}{'bound':>9}   by likeness alone",
    ]
    for title, mine, theirs in (
        ("same question", held.by_category, one.unvetoed.by_category),
        ("trap", held.wrong_by_category, one.unvetoed.wrong_by_category),
    ):
        lines.append(f"  {title}")
        for name, (hits, count) in mine.items():
            bound = f"{upper(hits, count):>9.2%}" if title == "trap" else f"{'':>9}"
            lines.append(f"    {name:<16}{hits:>8}{count:>8}{hits / count:>9.1%}{bound}{theirs[name][0]:>8}")
    return "\n".join(lines)


def _summary(of: Figures) -> str:
    return f"{of.hits} hits, {of.wrong} wrong, bound {of.bound:.2%}, recall {of.recall:.1%} of {of.duplicates}"
