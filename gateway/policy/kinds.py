"""What each kind of detector can do: where it can look, whether it says where something stands, what it promises on a stream."""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from gateway.plugins import DETECTORS, declared_of, plugin
from gateway.policy.actions import Word
from gateway.policy.structs import Asked, In, Out, Place

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
    """`spans`: it says where in the text a finding stands, so that this part alone can be replaced. `segments`: it makes sense of
    a part of a text, so that a rule may ask for `guarantee: segment`.
    """

    places: frozenset[Place]
    spans: bool
    guarantee: Guarantee
    segments: bool = False


class _Kinds(dict[str, Kind]):
    """Ours. One of another distribution is asked for like them and never listed; it is what its struct says (`Guest`)."""

    def __missing__(self, kind: str) -> Kind:
        struct = plugin(DETECTORS, kind).struct
        places: Any = declared_of(struct, "places", ()) or ANYWHERE
        by_patterns = hasattr(struct, "patterns")
        return Kind(
            frozenset(places),
            spans=by_patterns or bool(declared_of(struct, "spans", True)),
            guarantee="proven" if by_patterns else "full",
            segments=not by_patterns and bool(declared_of(struct, "segments", False)),
        )


KINDS: Final[dict[str, Kind]] = _Kinds(
    {
        "pattern": Kind(ANYWHERE, spans=True, guarantee="proven"),
        "keywords": Kind(ANYWHERE, spans=True, guarantee="proven"),
        "personal": Kind(ANYWHERE, spans=True, guarantee="proven"),
        "secrets": Kind(ANYWHERE, spans=True, guarantee="proven"),
        "korean_rrn": Kind(ANYWHERE, spans=True, guarantee="proven"),
        "presidio": Kind(ANYWHERE, spans=True, guarantee="full", segments=True),
        "schema": Kind(_CONTENT, spans=False, guarantee="full"),
        "tool_args": Kind(_CALLS, spans=False, guarantee="full"),
        "tool_permissions": Kind(_CALLS, spans=False, guarantee="full"),
        "injection": Kind(ANYWHERE, spans=False, guarantee="full", segments=True),
        "judge": Kind(ANYWHERE, spans=False, guarantee="full", segments=True),
        "length": Kind(ANYWHERE, spans=False, guarantee="full"),
        "guardrails_ai": Kind(ANYWHERE, spans=True, guarantee="full", segments=True),
        "webhook": Kind(ANYWHERE, spans=True, guarantee="full", segments=True),
        "moderation": Kind(ANYWHERE, spans=False, guarantee="full", segments=True),
    }
)

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

GUARANTEES: Final[tuple[Guarantee, ...]] = ("proven", "segment", "full")
"""In the order of how much waits."""


def guarantee(kinds: frozenset[str], word: Word, place: Place, asked: Asked | None = None) -> Guarantee:
    """What a rule promises on a stream: as much as the weakest of its detectors; on the way in everything is there at once.

    `asked` is what the rule says itself. It can have less than all of the answer looked at only where all that finds for it can do with
    that.
    """
    if place in INPUT or word in STARTS_OVER or asked == "full":
        return "full"
    return max((_guarantee(KINDS[kind], asked) for kind in kinds), key=GUARANTEES.index, default="proven")


def in_segments(kind: str, word: Word, place: Place, asked: Asked | None) -> bool:
    """Whether a detector of this kind sees segments of the answer, for a rule that says so."""
    return guarantee(frozenset({kind}), word, place, asked) == "segment"


def _guarantee(kind: Kind, asked: Asked | None) -> Guarantee:
    return "segment" if asked == "segment" and kind.segments and kind.guarantee == "full" else kind.guarantee
