"""The money of rows that could not be kept: added up by hour and by whose it is, so that what is billed is whole though rows are missing."""

from typing import Final

from msgspec import Struct, structs

from gateway.record.row import Row

HOUR: Final = 3600
_MOST: Final = 4_096
_MOST_OF_ALL: Final = 10**17
"""Of one sum, whatever an upstream says it counted: dozens of them still fit into a database."""

_Whose = tuple[int, str | None, str | None, str | None, str | None]


class Settlement(Struct):
    """What `requests` rows that are missing would have said together. `hour` is its first second since 1970.

    One whose names are all null is of rows that found the table full: its money is whole, whose it is is not known.
    """

    hour: int
    key: str | None
    team: str | None
    model: str | None
    provider: str | None
    requests: int = 0
    failed: int = 0  # of them, those that were not answered
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanodollars: int = 0
    saved_nanodollars: int = 0


class Unsettled:
    """Settlements that wait to be written, at most `most` and one for each hour beyond it."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._sums: dict[_Whose, Settlement] = {}

    def __len__(self) -> int:
        return len(self._sums)

    @property
    def nanodollars(self) -> int:
        return sum(one.cost_nanodollars for one in self._sums.values())

    def fold(self, row: Row) -> None:
        """The row is lost, its money is not."""
        given = row.cache in ("hit", "semantic")
        self._add(
            Settlement(
                int(row.time) // HOUR * HOUR,
                row.key,
                row.team,
                row.model,
                row.provider,
                requests=1,
                failed=int(row.outcome != "answered"),
                input_tokens=0 if given else row.input_tokens or 0,
                output_tokens=0 if given else row.output_tokens or 0,
                cached_tokens=0 if given else row.cached_tokens or 0,
                reasoning_tokens=0 if given else row.reasoning_tokens or 0,
                cost_nanodollars=row.cost_nanodollars or 0,
                saved_nanodollars=row.saved_nanodollars or 0,
            )
        )

    def take(self) -> list[Settlement]:
        """All of them, which are the caller's from now on."""
        taken, self._sums = list(self._sums.values()), {}
        return taken

    def put_back(self, taken: list[Settlement]) -> None:
        """What could not be written after all."""
        for one in taken:
            self._add(one)

    def _add(self, one: Settlement) -> None:
        whose: _Whose = (
            one.hour,
            _writable(one.key),
            _writable(one.team),
            _writable(one.model),
            _writable(one.provider),
        )
        held = self._sums.get(whose)
        if held is None and len(self._sums) >= self._most:
            whose = (one.hour, None, None, None, None)
            held = self._sums.get(whose)
        if held is None:
            held = self._sums[whose] = Settlement(*whose)
        for name in _SUMS:
            more = max(getattr(one, name), 0)  # as a row that is kept is counted
            setattr(held, name, min(getattr(held, name) + more, _MOST_OF_ALL))


def _writable(name: str | None) -> str | None:
    """A row may have been lost because of its very name."""
    return None if name is None else name.encode(errors="replace").decode()


_SUMS: Final = tuple(one.name for one in structs.fields(Settlement))[5:]
