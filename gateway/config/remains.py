"""What is left of the data when the broken parts are dropped, so that one run finds every mistake and no follow-up of one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.config.mistakes import Finding, Trail


class Broken:
    """Trails at which something is wrong, asked whether they lie around, at or inside another trail."""

    def __init__(self, trails: Iterable[Trail] = ()) -> None:
        self._trails: set[Trail] = set()
        self._around: set[Trail] = set()
        self.add(trails)

    def add(self, trails: Iterable[Trail]) -> None:
        for trail in trails:
            self._trails.add(trail)
            self._around.update(trail[:length] for length in range(len(trail)))

    def __contains__(self, trail: Trail) -> bool:
        return trail in self._trails

    def touches(self, trail: Trail) -> bool:
        return trail in self._around or any(trail[:length] in self._trails for length in range(len(trail) + 1))

    def undoes(self, finding: Finding) -> bool:
        """Whether the finding may only be there because something else is broken."""
        return any(self.touches(trail) for trail in finding.rests_on)


@dataclass(frozen=True, slots=True)
class Remains:
    """Data without its broken parts. Items of lists move up, so `original` says where one came from."""

    data: Any
    kept: dict[Trail, list[int]] = field(default_factory=dict)

    def original(self, trail: Trail) -> Trail:
        found: Trail = ()
        for length, step in enumerate(trail):
            indexes = self.kept.get(trail[:length])
            inside = indexes is not None and isinstance(step, int) and step < len(indexes)
            found = (*found, indexes[int(step)] if indexes is not None and inside else step)
        return found


def without(data: Any, broken: Broken) -> Remains:
    remains = Remains({}, {})
    if () in broken:
        return remains
    return Remains(_copied(data, (), (), broken, remains.kept), remains.kept)


def _copied(value: Any, old: Trail, new: Trail, broken: Broken, kept: dict[Trail, list[int]]) -> Any:
    """`old` is the trail in the data as written, `new` the one in what remains."""
    if isinstance(value, dict):
        return {
            key: _copied(one, (*old, key), (*new, key), broken, kept)
            for key, one in value.items()
            if (*old, key) not in broken
        }
    if isinstance(value, list):
        indexes = [index for index in range(len(value)) if (*old, index) not in broken]
        if len(indexes) < len(value):
            kept[new] = indexes
        return [
            _copied(value[index], (*old, index), (*new, place), broken, kept) for place, index in enumerate(indexes)
        ]
    return value
