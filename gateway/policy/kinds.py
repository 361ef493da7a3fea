"""What each kind of detector can do: where it can look, whether it says where something stands, what it promises on a stream."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from gateway.policy.actions import Word
from gateway.policy.structs import In, Out, Place

Guarantee = Literal["proven", "segment", "full"]
"""`proven`: nothing that is sent is ever part of a finding. `segment`: text is looked at in pieces, each before it is sent.
`full`: the whole answer is looked at before anything of it is sent.
"""

INPUT: Final[frozenset[Place]] = frozenset(get_args(In))
OUTPUT: Final[frozenset[Place]] = frozenset(get_args(Out))
ANYWHERE: Final = INPUT | OUTPUT
_CONTENT: Final[frozenset[Place]] = frozenset({"content"})
_CALLS: Final[frozenset[Place]] = frozenset({"tool_args"})


@dataclass(frozen=True, slots=True)
class Kind:
    """`spans`: it says where in the text a finding stands, so that this part alone can be replaced."""

    places: frozenset[Place]
    spans: bool
    guarantee: Guarantee


KINDS: Final[dict[str, Kind]] = {
    "pattern": Kind(ANYWHERE, spans=True, guarantee="proven"),
    "keywords": Kind(ANYWHERE, spans=True, guarantee="proven"),
    "personal": Kind(ANYWHERE, spans=True, guarantee="proven"),
    "secrets": Kind(ANYWHERE, spans=True, guarantee="proven"),
    "korean_rrn": Kind(ANYWHERE, spans=True, guarantee="proven"),
    "presidio": Kind(ANYWHERE, spans=True, guarantee="segment"),
    "schema": Kind(_CONTENT, spans=False, guarantee="full"),
    "tool_args": Kind(_CALLS, spans=False, guarantee="full"),
    "tool_permissions": Kind(_CALLS, spans=False, guarantee="full"),
    "injection": Kind(ANYWHERE, spans=False, guarantee="segment"),
    "judge": Kind(ANYWHERE, spans=False, guarantee="full"),
    "length": Kind(ANYWHERE, spans=False, guarantee="full"),
    "guardrails_ai": Kind(ANYWHERE, spans=True, guarantee="full"),
    "webhook": Kind(ANYWHERE, spans=True, guarantee="full"),
    "moderation": Kind(ANYWHERE, spans=False, guarantee="full"),
}

ACTS_ON: Final[dict[Word, frozenset[Place]]] = {
    "block": ANYWHERE,
    "mask": ANYWHERE,
    "tokenize": INPUT,
    "annotate": ANYWHERE,
    "reask": OUTPUT,
    "fallback": OUTPUT,
    "route": ANYWHERE,
    "log": ANYWHERE,
}
WHY_NOT: Final[dict[Word, str]] = {
    "tokenize": "what the model wrote has no value to be restored; write `mask`",
    "reask": "before the model has answered there is nothing to ask again; write `block` or `route`",
    "fallback": "before the model has answered there is nothing to throw away; write `route`",
}
STARTS_OVER: Final[frozenset[Word]] = frozenset({"reask", "fallback", "route"})
"""On an answer these need all of it before anything is sent."""
REPLACES: Final[frozenset[Word]] = frozenset({"mask", "tokenize"})
NEEDS_MODEL: Final[frozenset[Word]] = frozenset({"fallback", "route"})

_ORDER: Final[tuple[Guarantee, ...]] = ("proven", "segment", "full")


def guarantee(kinds: frozenset[str], word: Word, place: Place) -> Guarantee:
    """What a rule promises on a stream: as much as the weakest of its detectors; on the way in everything is there at once."""
    if place in INPUT or word in STARTS_OVER:
        return "full"
    return max((KINDS[kind].guarantee for kind in kinds), key=_ORDER.index, default="proven")
