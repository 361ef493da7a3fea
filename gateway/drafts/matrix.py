"""Coverage as a table: a row for each surface, a column for each place, and what is looked at by nobody. Pure."""

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from gateway.policy.coverage import PLACES, SURFACES, Cell, coverage, reach
from gateway.policy.rule import Policy
from gateway.policy.structs import Place, Surface

Shade = Literal["enforced", "shadow", "refused", "opaque", "nobody", "absent"]
"""`nobody`: rules could look, and none does. `opaque`: there may be text, and no rule can read it. `absent`: there is no such place."""
COLUMNS: Final = PLACES
_STRENGTH: Final[tuple[Shade, ...]] = ("enforced", "refused", "shadow", "opaque", "nobody", "absent")


class Look(Struct, frozen=True):
    """One rule at one place; `-` for a form that the surface does not have there."""

    policy: str
    rule: str
    unary: str
    stream: str
    guarantee: str | None


class Square(Struct, frozen=True):
    """What happens at one place of one surface: the strongest that any rule does, and each of them."""

    place: Place
    shade: Shade
    looks: list[Look] = []


class Row(Struct, frozen=True):
    surface: Surface
    squares: list[Square]


def matrix(policies: Iterable[Policy]) -> list[Row]:
    """Of policies together, each where it is bound."""
    by_square: dict[tuple[Surface, Place], dict[tuple[str, str], dict[str, Cell]]] = {}
    for cell in coverage(policies):
        if cell.state != "absent":
            rules = by_square.setdefault((cell.surface, cell.place), {})
            rules.setdefault((cell.policy, cell.rule), {})[cell.form] = cell
    return [
        Row(surface, [_square(surface, place, by_square.get((surface, place), {})) for place in COLUMNS])
        for surface in SURFACES
    ]


def unscanned(rows: Iterable[Row]) -> list[tuple[Surface, Place, Shade]]:
    """Where text may stand that no rule keeps back."""
    return [
        (row.surface, square.place, square.shade)
        for row in rows
        for square in row.squares
        if square.shade in ("nobody", "opaque", "shadow")
    ]


def _square(surface: Surface, place: Place, rules: dict[tuple[str, str], dict[str, Cell]]) -> Square:
    reached = reach(surface, place, "unary")
    if reached is None:
        return Square(place, "absent")
    looks = [_look(policy, rule, forms) for (policy, rule), forms in sorted(rules.items())]
    there: Shade = "opaque" if reached == "opaque" else "nobody"
    shades: list[Shade] = [there, *(_shade(cell) for forms in rules.values() for cell in forms.values())]
    return Square(place, min(shades, key=_STRENGTH.index), looks)


def _look(policy: str, rule: str, forms: dict[str, Cell]) -> Look:
    unary, stream = (forms.get(form) for form in ("unary", "stream"))
    promised = stream.guarantee if stream is not None else None
    return Look(policy, rule, unary.state if unary else "-", stream.state if stream else "-", promised)


def _shade(cell: Cell) -> Shade:
    return cell.state if cell.state != "absent" else "nobody"
