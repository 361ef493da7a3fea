"""Rules as they apply: nothing short, nothing left to defaults, nothing inherited any more. And their content digests."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import msgspec

from gateway.config.strict import Secret
from gateway.plugins import DETECTORS, plugin
from gateway.policy.actions import Deed, Tokenize, Word, link_width, strictness, word_of
from gateway.policy.detectors import Detector, Guest, kind_of
from gateway.policy.kinds import Guarantee, guarantee
from gateway.policy.structs import Asked, Bind, Mode, OnError, Opaque, Place, Segment

MODES: Final[dict[Mode, int]] = {"off": 0, "shadow": 1, "enforce": 2}


@dataclass(frozen=True, slots=True)
class Finder:
    """A detector by the name it has in its policy. Two with one `digest` find the same."""

    name: str
    kind: str
    digest: str
    spec: Detector = field(compare=False)


@dataclass(frozen=True, slots=True)
class BoundRule:
    """`policy` is where it was written, which need not be the policy that applies: rules are inherited."""

    policy: str
    id: str
    places: frozenset[Place]
    finders: tuple[Finder, ...]
    deed: Deed
    mode: Mode
    on_error: OnError
    timeout_ms: int
    opaque: Opaque
    min_score: float
    asked: Asked | None = None
    segment: Segment = field(default_factory=Segment)

    @property
    def key(self) -> tuple[str, str]:
        return self.policy, self.id

    @property
    def word(self) -> Word:
        return word_of(self.deed)

    @property
    def is_enforced(self) -> bool:
        return self.mode == "enforce"

    def promises(self, place: Place) -> Guarantee:
        return guarantee(frozenset(one.kind for one in self.finders), self.word, place, self.asked)

    def rank(self) -> tuple[int, int, int, str, str]:
        """Sorts strictest first; of two placeholders the one that is restored into less, and links less."""
        narrow = (len(self.deed.restore_into), link_width(self.deed)) if isinstance(self.deed, Tokenize) else (0, 0)
        return (-strictness(self.deed), *narrow, *self.key)


@dataclass(frozen=True, slots=True)
class Policy:
    """A document with everything inherited. Without `bind` it only applies where a caller asks for it by name."""

    name: str
    version: int
    bind: Bind | None
    rules: tuple[BoundRule, ...]
    digest: str


def finder(name: str, spec: Detector) -> Finder:
    """Of a detector from another distribution, its version is part of the digest: another one may find something else."""
    kind = kind_of(spec)
    said = [spec, plugin(DETECTORS, kind).version] if isinstance(spec, Guest) else spec
    return Finder(name, kind, digest_of(said), spec)


def policy(name: str, version: int, bind: Bind | None, rules: Iterable[BoundRule]) -> Policy:
    ordered = tuple(sorted(rules, key=lambda one: one.key))
    digest = digest_of([name, version, _lists_as_sets(bind), [_canonical(one) for one in ordered]])
    return Policy(name, version, bind, ordered, digest)


def digest_of(value: Any) -> str:
    """BLAKE2b over JSON with sorted keys, in 32 hex digits. No secret enters it: it signs requests and changes no verdict."""
    text = msgspec.json.encode(value, enc_hook=_without_secrets, order="sorted")
    return blake2b(text, digest_size=16).hexdigest()


def canonical_digest(rules: Iterable[BoundRule], *more: Any) -> str:
    return digest_of([[_canonical(one) for one in sorted(rules, key=lambda one: one.key)], *more])


def _canonical(rule: BoundRule) -> list[Any]:
    return [
        rule.policy,
        rule.id,
        sorted(rule.places),
        sorted([one.name, one.kind, one.digest] for one in rule.finders),
        rule.word,
        rule.deed,
        rule.mode,
        rule.on_error,
        rule.timeout_ms,
        rule.opaque,
        rule.min_score,
        rule.asked,
        rule.segment,
    ]


def _lists_as_sets(bind: Bind | None) -> Any:
    return None if bind is None else [sorted(set(getattr(bind, name))) for name in Bind.__struct_fields__]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Secret):
        return "***"
    raise NotImplementedError(f"{type(value).__name__} has no canonical form")
