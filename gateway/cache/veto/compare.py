"""Whether two readings ask the same. Symmetric: what is said of one is said of the other.

Likeness cannot tell: so every word that carries meaning must be accounted for on both sides, in the same role and order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.cache.veto.english_words import ANTONYMS
from gateway.cache.veto.korean_words import ANTONYMS as KOREAN_ANTONYMS
from gateway.cache.veto.reading import Item, Kind, Reading
from gateway.cache.veto.reason import Category, Reason

_PAIRS: Final = ANTONYMS | KOREAN_ANTONYMS
_OF_KIND: Final[dict[Kind, Category]] = {
    "word": "word",
    "name": "entity",
    "quoted": "entity",
    "number": "number",
    "unit": "unit",
    "time": "time",
    "identifier": "identifier",
}
_MOST_OPPOSED: Final = 64
_OPEN: Final = frozenset({"what", "who", "where", "when", "howmuch"})
"""What a bare "tell me X" can stand for, where the other question is no more than "X is what?"."""


def conflicts(one: Reading, other: Reading) -> list[Reason]:
    if one.language != other.language:
        return [Reason("language", "/".join(sorted((one.language, other.language))))]
    left, right = _unaligned(one.items, other.items)
    if left and right and _joined(left, one.items) == _joined(right, other.items):
        one, other, left, right = _together(one, left), _together(other, right), [], []
    reasons = [*_content(left, right)]
    if not left and not right:
        reasons += _details(one, other)
    return [*reasons, *_frame(one, other)]


def _unaligned(one: Sequence[Item], other: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    mine, theirs = Counter(item.key for item in one), Counter(item.key for item in other)
    return _beyond(one, mine - theirs), _beyond(other, theirs - mine)


def _beyond(items: Iterable[Item], surplus: Counter[str]) -> list[Item]:
    kept = []
    for item in items:
        if surplus[item.key] > 0:
            surplus[item.key] -= 1
            kept.append(item)
    return kept


def _joined(parts: Sequence[Item], items: Sequence[Item]) -> object:
    """Written together or apart (`계좌 이체`, `계좌이체`): the same, if they stand side by side. Numbers have no part in it."""
    ours = {id(part) for part in parts}
    places = [at for at, item in enumerate(items) if id(item) in ours]
    if places[-1] - places[0] >= len(places) or any(item.kind not in ("word", "name") for item in parts):
        return object()
    return "".join(item.key for item in parts), any(item.negated for item in parts)


def _together(reading: Reading, parts: Sequence[Item]) -> Reading:
    """As it reads where these are one word, which has the role of the last."""
    last = parts[-1]
    whole = replace(last, key="".join(item.key for item in parts), negated=any(item.negated for item in parts))
    rest = {id(part) for part in parts[:-1]}
    kept = [whole if item is last else item for item in reading.items if id(item) not in rest]
    return replace(reading, items=kept)


def _content(left: Sequence[Item], right: Sequence[Item]) -> list[Reason]:
    reasons: set[Reason] = set()
    values = [sorted(item.key.partition(" ")[0] for item in side if item.kind == "number") for side in (left, right)]
    for item in (*left, *right):
        if item.kind == "number" and values[0] == values[1]:
            reasons.add(Reason("unit", "other unit"))
        else:
            reasons.add(Reason(_OF_KIND[item.kind], item.kind))
    lacking = {item.key for item in right}
    if len(left) * len(lacking) <= _MOST_OPPOSED and any(_opposed(item.key, key) for item in left for key in lacking):
        reasons.add(Reason("antonym", "opposites"))
    return sorted(reasons)


def _opposed(one: str, other: str) -> bool:
    return frozenset((one, other)) in _PAIRS


def _details(one: Reading, other: Reading) -> list[Reason]:
    """What the words that both hold are said of each other."""
    reasons = []
    if _negations(one) != _negations(other) or (_repeats(one) and _denied(one) != _denied(other)):
        reasons.append(Reason("negation", "other word denied"))
    owners = [{(item.key, item.owner) for item in reading.items if item.owner} for reading in (one, other)]
    if any((key, {"1": "2", "2": "1"}[owner]) in owners[1] for key, owner in owners[0]):
        reasons.append(Reason("person", "other owner"))
    if one.language == "ko":
        same = _korean_order(one.items, other.items)
    else:
        same = _english_order(one.items, other.items, one.asks)
    if not same:
        reasons.append(Reason("order", "other roles"))
    return reasons


def _repeats(reading: Reading) -> bool:
    """Whether a word that is denied stands there again."""
    denied = {item.key for item in reading.items if item.negated}
    return any(count > 1 for key, count in Counter(item.key for item in reading.items).items() if key in denied)


def _denied(reading: Reading) -> list[tuple[str, bool]]:
    return [(item.key, item.negated) for item in reading.items]


def _negations(reading: Reading) -> Counter[str]:
    return Counter(item.key for item in reading.items if item.negated)


def _frame(one: Reading, other: Reading) -> list[Reason]:
    """How they are put: question, mode, scope, time."""
    reasons = []
    if one.asks != other.asks and not (_bare(one, other) or _bare(other, one)):
        reasons.append(Reason("question_type", "/".join(sorted((one.asks or "none", other.asks or "none")))))
    if one.modes != other.modes:
        words = "/".join(sorted(one.modes ^ other.modes))
        reasons.append(Reason("negation" if _polarity_alone(one.modes, other.modes) else "tense", words))
    if sorted(one.scopes) != sorted(other.scopes):
        reasons.append(Reason("scope", "/".join(sorted({scope for scope, _ in set(one.scopes) ^ set(other.scopes)}))))
    if one.past != other.past:
        reasons.append(Reason("tense", "past"))
    if one.subject and other.subject and one.subject != other.subject:
        reasons.append(Reason("person", "other subject"))
    return reasons


def _bare(one: Reading, other: Reading) -> bool:
    """`Tell me the capital of X` and `What is the capital of X`."""
    return one.asks == "tell" and other.copular and other.asks in _OPEN


def _polarity_alone(one: set[str], other: set[str]) -> bool:
    return {mode.rstrip("-") for mode in one} == {mode.rstrip("-") for mode in other}


def _english_order(one: Sequence[Item], other: Sequence[Item], asks: str) -> bool:
    if _directed(one) != _directed(other):
        return False
    if _chunks(one) == _chunks(other):
        return True
    actions = [item.key for item in one if item.action]
    moved = actions[0] if len(actions) == 1 and asks in ("how", "") else None  # who does it is not asked for
    return any(
        _loose(one, but, flat=flat) == _loose(other, but, flat=flat) for but in {None, moved} for flat in (False, True)
    )


def _directed(items: Sequence[Item]) -> Counter[tuple[str, tuple[str, ...]]]:
    return Counter((role, keys) for role, keys in _runs(items) if role not in ("", "~"))


def _chunks(items: Sequence[Item]) -> tuple[tuple[str, ...], Counter[tuple[str, ...]]]:
    runs = _runs(items)
    return tuple(key for role, keys in runs if not role for key in keys), Counter(
        keys for role, keys in runs if role == "~"
    )


def _loose(items: Sequence[Item], but: str | None, *, flat: bool) -> object:
    kept = [item for item in items if item.key != but and item.role in ("", "~")]
    return [key for _, keys in _runs(kept) for key in keys] if flat else _chunks(kept)


def _runs(items: Sequence[Item]) -> list[tuple[str, tuple[str, ...]]]:
    """Neighbours under one preposition; what "and" or a comma links stands sorted."""
    runs: list[tuple[str, tuple[str, ...]]] = []
    run: list[Item] = []
    for item in items:
        if run and (item.role != run[-1].role or item.chunk != run[-1].chunk):
            runs.append((run[0].role, _sorted_links(run)))
            run = []
        run.append(item)
    if run:
        runs.append((run[0].role, _sorted_links(run)))
    return runs


def _keys(items: Sequence[Item]) -> list[str]:
    return [item.key for item in items]


def _sorted_links(run: Sequence[Item]) -> tuple[str, ...]:
    keys: list[str] = []
    group: list[str] = []
    half = len(run) // 2
    if (
        half > 1
        and run[0].role == "~"
        and [at for at, item in enumerate(run) if at and item.linked] == [half]
        and len(run) == 2 * half
    ):
        return tuple(
            key for part in sorted((_keys(run[:half]), _keys(run[half:]))) for key in part
        )  # two phrases of one length
    for item in run:
        if not item.linked:
            keys += sorted(group)
            group = []
        group.append(item.key)
    return (*keys, *sorted(group))


_TURNS: Final = {
    frozenset(("subject", "object")),
    frozenset(("topic", "object")),
    frozenset(("", "object")),
    frozenset(("", "subject")),
}
_LOOSELY_SAME: Final = (
    frozenset(("", "topic", "subject")),
    frozenset(("", "topic", "object")),
    frozenset(("", "topic", "of", "at")),
    frozenset(("", "topic", "of", "in")),
    frozenset(("from", "in")),
)


def _korean_order(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Particles say who does what to whom, so order is free where both carry the same one."""
    mine, theirs = _by_key(one), _by_key(other)
    turned = 0
    for key, roles in mine.items():
        for role, counterpart in zip(roles, theirs.get(key, roles), strict=False):
            if role == counterpart:
                continue
            if not any(role in group and counterpart in group for group in _LOOSELY_SAME):
                return False
            turned += frozenset((role, counterpart)) in _TURNS
    if turned > 1 or any(len(roles) > 1 for roles in mine.values()):
        return turned <= 1 and _strictly(one, mine) == _strictly(other, mine)
    free = {
        key
        for key, roles in mine.items()
        if theirs.get(key) == roles and all(role not in ("", "topic") for role in roles)
    }
    free |= {item.key for item in (*one, *other) if item.action}
    return _fixed(one, free) == _fixed(other, free)


def _strictly(items: Sequence[Item], roles: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """All in its order; of what stands there twice, with its roles."""
    return [(item.key, item.role if len(roles[item.key]) > 1 else "") for item in items]


def _by_key(items: Sequence[Item]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for item in items:
        roles.setdefault(item.key, []).append(item.role)
    return {key: sorted(found) for key, found in roles.items()}


def _fixed(items: Sequence[Item], free: set[str]) -> tuple[str, ...]:
    return _sorted_links([item for item in items if item.key not in free])
