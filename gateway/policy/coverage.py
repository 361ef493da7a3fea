"""Where a rule runs and where it cannot: rule x surface x place x unary or stream. Data for whoever prints or proves it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from gateway.policy.kinds import GUARANTEES, INPUT, OUTPUT, Guarantee
from gateway.policy.rule import BoundRule, Policy
from gateway.policy.structs import Place, Surface

Form = Literal["unary", "stream"]
State = Literal["enforced", "shadow", "opaque", "refused", "absent"]
Reach = Literal["read", "opaque"]

SURFACES: Final[tuple[Surface, ...]] = get_args(Surface)
PLACES: Final[tuple[Place, ...]] = get_args(Place)
_MESSAGES: Final[frozenset[Place]] = INPUT - {"developer"}
_USER: Final[frozenset[Place]] = frozenset({"user"})
_SYSTEM: Final[frozenset[Place]] = frozenset({"system"})
_CONTENT: Final[frozenset[Place]] = frozenset({"content"})

_READ: Final[dict[Surface, frozenset[Place]]] = {
    "chat": INPUT | OUTPUT,
    "completions": _USER | _CONTENT,
    "responses": INPUT | OUTPUT,
    "messages": _MESSAGES | OUTPUT - {"refusal"},
    "count_tokens": _MESSAGES,
    "embeddings": _USER,
    "moderations": _USER,
    "rerank": _USER | _CONTENT,
    "images": _USER | _CONTENT,
    "audio": _USER | _SYSTEM | _CONTENT,
}
"""Text in JSON. What is in it besides text, and what comes as an upload, is dealt with as `opaque` says, on every surface."""
_UNREAD: Final[dict[Surface, frozenset[Place]]] = {
    "files": _USER | _CONTENT,
    "batches": _USER | _CONTENT,
}
"""There may be text of these places, and nobody looks at it."""

CAN: Final[dict[Surface, dict[Place, Reach]]] = {
    surface: {
        **dict.fromkeys(sorted(_READ.get(surface, frozenset())), "read"),
        **dict.fromkeys(sorted(_UNREAD.get(surface, frozenset())), "opaque"),
    }
    for surface in SURFACES
}
_NOT_IN_STREAMS: Final[frozenset[tuple[Surface, Place]]] = frozenset({("images", "content")})
"""Read in a body alone: events of pictures hold no text, and pass as they come."""
STREAMED: Final[frozenset[Surface]] = frozenset({"chat", "completions", "responses", "messages", "audio", "images"})


@dataclass(frozen=True, slots=True)
class Cell:
    """What happens to one rule at one place of one surface. `guarantee` is there where it is enforced."""

    policy: str
    rule: str
    surface: Surface
    place: Place
    form: Form
    state: State
    guarantee: Guarantee | None


def coverage(policies: Iterable[Policy]) -> list[Cell]:
    """Every cell of every rule of each policy, by policy, rule, surface, place and form. `policy` is the one that is bound."""
    return [cell for policy in policies for rule in policy.rules for cell in _cells(policy, rule)]


def promises(policy: Policy) -> Iterator[tuple[str, Guarantee, list[Place]]]:
    """What each rule that acts on answers promises on a stream, and where; by the name of the rule."""
    for rule in sorted(policy.rules, key=lambda one: one.id):
        places = [place for place in PLACES if place in rule.places & OUTPUT and rule.is_enforced]
        for promised in GUARANTEES:
            if there := [place for place in places if rule.promises(place) == promised]:
                yield rule.id, promised, there


def runs_on(surface: Surface, places: Iterable[Place]) -> bool:
    """Whether the surface has any of the places, read or not."""
    return any(place in CAN[surface] for place in places)


def reach(surface: Surface, place: Place, form: Form) -> Reach | None:
    """Whether rules see what stands there. None where there is no such place, or no such form."""
    if form == "stream" and surface not in STREAMED:
        return None
    return "opaque" if form == "stream" and (surface, place) in _NOT_IN_STREAMS else CAN[surface].get(place)


def _cells(policy: Policy, rule: BoundRule) -> Iterator[Cell]:
    bound = policy.bind.surfaces if policy.bind is not None else ["*"]
    for surface in SURFACES:
        for place in PLACES:
            for form in get_args(Form):
                is_there = "*" in bound or surface in bound
                state = _state(rule, place, reach(surface, place, form)) if is_there else "absent"
                promise = rule.promises(place) if state == "enforced" else None
                yield Cell(policy.name, rule.id, surface, place, form, state, promise)


def _state(rule: BoundRule, place: Place, reach: Reach | None) -> State:
    if reach is None or place not in rule.places or rule.mode == "off":
        return "absent"
    if reach == "opaque":
        return "refused" if rule.opaque == "refuse" and rule.is_enforced else "opaque"
    return "enforced" if rule.is_enforced else "shadow"
