"""What differs between two sets of policies, before and after, by what is written in them: rule by rule, and whether it became
looser or stricter. What that does to traffic is for others to try. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.policy.bind import covers
from gateway.policy.inherit import looser
from gateway.policy.rule import BoundRule, Policy
from gateway.policy.structs import Bind

What = Literal["added", "removed", "changed"]
Way = Literal["looser", "stricter", "mixed", "unclear", "same"]
"""`mixed`: looser in one thing, stricter in another. `unclear`: a detector reads otherwise, which only texts can tell. `same`: neither."""


@dataclass(frozen=True, slots=True)
class Change:
    """Of the binding of a policy (`rule` is empty), or of a rule. `details` say in what, each for a person."""

    what: What
    policy: str
    rule: str
    way: Way
    details: tuple[str, ...] = ()


def differences(before: Mapping[str, Policy], after: Mapping[str, Policy]) -> list[Change]:
    """Every change, policies first and then rules, by name."""
    return [*_policies(before, after), *_rules(before, after)]


def _policies(before: Mapping[str, Policy], after: Mapping[str, Policy]) -> Iterator[Change]:
    """Of whole policies only how they are bound: what is in them is said rule by rule."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            what: What = "added" if old is None else "removed"
            acting = any(rule.mode != "off" for rule in (new or old).rules)  # type: ignore[union-attr]  # one of them is there
            way: Way = "same" if not acting else "stricter" if old is None else "looser"
            yield Change(what, name, "", way)
        elif changed := list(_rebound(old.bind, new.bind)):
            yield Change("changed", name, "", _way(way for way, _ in changed), tuple(text for _, text in changed))


def _rules(before: Mapping[str, Policy], after: Mapping[str, Policy]) -> Iterator[Change]:
    old, new = _by_key(before), _by_key(after)
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield Change("added", *key, "same" if new[key].mode == "off" else "stricter", (_told(new[key]),))
        elif key not in new:
            yield Change("removed", *key, "same" if old[key].mode == "off" else "looser", (_told(old[key]),))
        elif changed := list(_changed(old[key], new[key])):
            yield Change("changed", *key, _way(way for way, _ in changed), tuple(text for _, text in changed))


def _by_key(policies: Mapping[str, Policy]) -> dict[tuple[str, str], BoundRule]:
    """Every rule once, however many policies inherit it."""
    return {rule.key: rule for one in policies.values() for rule in one.rules}


def _changed(old: BoundRule, new: BoundRule) -> Iterator[tuple[Way, str]]:
    down, up = dict(looser(old, new)), dict(looser(new, old))
    for key, read in _KEYS.items():
        was, now = read(old), read(new)
        if was == now:
            continue
        way: Way = "looser" if key in down else "stricter" if key in up else "same"
        if key in down and key in up:
            way = "mixed"
        yield way, f"{key}: {was} -> {now}"
    if old.deed != new.deed:
        detail = f"{old.word} -> {new.word}" if old.word != new.word else "; ".join(_settings(old, new))
        yield "looser" if "action" in down else "stricter" if "action" in up else "same", f"action: {detail}"
    yield from _detectors(old, new)


def _detectors(old: BoundRule, new: BoundRule) -> Iterator[tuple[Way, str]]:
    was, now = {one.digest: one.name for one in old.finders}, {one.digest: one.name for one in new.finders}
    gone = {name for digest, name in was.items() if digest not in now}
    come = {name for digest, name in now.items() if digest not in was}
    if gone & come:
        yield "unclear", f"detect: {_listed(gone & come)} reads otherwise"
    if gone - come:
        yield "looser", f"detect: without {_listed(gone - come)}"
    if come - gone:
        yield "stricter", f"detect: with {_listed(come - gone)}"


def _rebound(old: Bind | None, new: Bind | None) -> Iterator[tuple[Way, str]]:
    if old is None or new is None:
        if old is not new:
            yield ("stricter", "bind: by name -> by what it says") if old is None else ("looser", "bind: by name now")
        return
    for key in Bind.__struct_fields__:
        was, now = getattr(old, key), getattr(new, key)
        if set(was) != set(now):
            wider, narrower = covers(key, now, was), covers(key, was, now)
            way: Way = "same" if wider and narrower else "stricter" if wider else "looser" if narrower else "mixed"
            yield way, f"bind.{key}: {_written(was)} -> {_written(now)}"


def _way(ways: Iterable[Way]) -> Way:
    """Of all together."""
    found = set(ways) - {"same"}
    if "mixed" in found or {"looser", "stricter"} <= found:
        return "mixed"
    return next((one for one in _FIRST if one in found), "same")


_FIRST: Final[Sequence[Way]] = ("looser", "unclear", "stricter")


def _told(rule: BoundRule) -> str:
    return f"{rule.word} in {_listed(rule.places)}, {rule.mode}"


def _settings(old: BoundRule, new: BoundRule) -> Iterator[str]:
    """Of an action that is called the same."""
    for name, key in zip(old.deed.__struct_fields__, old.deed.__struct_encode_fields__, strict=True):
        was, now = getattr(old.deed, name), getattr(new.deed, name)
        if was != now:
            yield f"{key}: {_plain(was)} -> {_plain(now)}"


def _plain(value: Any) -> str:
    return _written(value) if isinstance(value, list) else "none" if value is None else str(value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _written(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


_KEYS: Final[Mapping[str, Callable[[BoundRule], Any]]] = {
    "where": lambda rule: _listed(rule.places),
    "mode": lambda rule: rule.mode,
    "on_error": lambda rule: rule.on_error,
    "timeout_ms": lambda rule: rule.timeout_ms,
    "opaque": lambda rule: rule.opaque,
    "min_score": lambda rule: f"{rule.min_score:g}",
    "guarantee": lambda rule: rule.asked or "what its detectors have",
    "segment": lambda rule: f"most {rule.segment.most}, overlap {rule.segment.overlap}",
}
"""What a rule says, by the key of the file in which it says so."""
