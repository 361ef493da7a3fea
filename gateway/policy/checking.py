"""From what a policy says of a detector to the check that looks: one row for each kind that is no pattern."""

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from gateway.guards.check import Check
from gateway.guards.checks.injection import InjectionCheck
from gateway.guards.checks.judge import JudgeCheck
from gateway.guards.checks.length import LengthCheck
from gateway.guards.checks.moderation import ModerationCheck
from gateway.guards.checks.ports import Ports
from gateway.guards.checks.schema import SchemaCheck
from gateway.guards.checks.tool_args import ToolArgsCheck
from gateway.guards.checks.tool_permissions import ToolPermissionsCheck
from gateway.guards.checks.webhook import WebhookCheck
from gateway.guards.guests import GuestCheck
from gateway.guards.libraries.guardrails_ai import GuardrailsAiCheck
from gateway.guards.libraries.presidio import PresidioCheck
from gateway.policy import detectors
from gateway.policy.detectors import Guest
from gateway.policy.guests import guest_check, is_by_check
from gateway.policy.rule import Finder, Policy


class Library(NamedTuple):
    """What a kind of detector cannot do without: a module, and the extra of this package that installs it."""

    module: str
    extra: str


LIBRARIES: Final[Mapping[str, Library]] = {
    "presidio": Library("presidio_analyzer", "pii"),
    "guardrails_ai": Library("guardrails", "guardrails"),
}
"""Checks of these kinds are slow to make and hold no secret and no port, so they are kept over a reload."""


def make_checks(policies: Iterable[Policy], ports: Ports, kept: Mapping[str, Check] | None = None) -> dict[str, Check]:
    """The checks of all rules that are not off, by the digest of their detector. `kept` are those of the setup before.

    It may load libraries, which takes seconds: call it from a thread. Raises ValueError, saying which detector cannot be made and why.
    """
    made: dict[str, Check] = {}
    specs: dict[str, Finder] = {}
    for name, finder in _used(policies):
        if not _is_check(finder):
            continue
        same = specs.setdefault(finder.digest, finder)
        if same.spec != finder.spec:
            raise ValueError(
                f"policy {name}, detector `{finder.name}`: another with the same settings has another secret; use one for both"
            )
        if finder.digest not in made:
            before = _kept(finder, (kept or {}).get(finder.digest))
            made[finder.digest] = before or _made(name, finder, ports)
    return made


def _is_check(finder: Finder) -> bool:
    return is_by_check(type(finder.spec)) if isinstance(finder.spec, Guest) else finder.kind in _MADE


def _kept(finder: Finder, before: Check | None) -> Check | None:
    """Of another distribution's the one that has the same secrets, which no digest holds; it may have been slow to make."""
    if isinstance(before, GuestCheck):
        return before if before.spec == finder.spec else None
    return before if finder.kind in LIBRARIES else None


def without_library(policies: Iterable[Policy]) -> list[str]:
    """One sentence for each detector whose library is not installed. Nothing is imported."""
    used = {(name, finder.name, finder.kind) for name, finder in _used(policies) if finder.kind in LIBRARIES}
    return [
        f"policy {name}, detector `{detector}`: the kind `{kind}` needs a library that is not installed: "
        f'pip install "haechi[{LIBRARIES[kind].extra}]"'
        for name, detector, kind in sorted(used)
        if find_spec(LIBRARIES[kind].module) is None
    ]


def _used(policies: Iterable[Policy]) -> list[tuple[str, Finder]]:
    return [
        (rule.policy, finder) for one in policies for rule in one.rules if rule.mode != "off" for finder in rule.finders
    ]


def _made(name: str, finder: Finder, ports: Ports) -> Check:
    try:
        return guest_check(finder.spec) if isinstance(finder.spec, Guest) else _MADE[finder.kind](finder, ports)
    except ValueError as error:
        raise ValueError(f"policy {name}, detector `{finder.name}`: {error}") from error


def _judge(finder: Finder, ports: Ports) -> Check:
    spec: detectors.Judge = finder.spec  # type: ignore[assignment]  # its kind says so
    budget = None
    if spec.budget is not None:
        if ports.most_cost(spec.model, {}) is None:
            raise ValueError(
                f"it has a budget, but not every target of the model {spec.model} has a price; give `prices`, or leave `budget` out"
            )
        budget = ports.budget(finder.digest, spec.budget)
    return JudgeCheck(spec.model, spec.rubric, ports, spec.threshold, spec.max_chars, budget)


def _presidio(spec: detectors.Presidio, _: Ports) -> Check:
    return PresidioCheck(
        spec.languages, spec.entities, spec.min_score, spec.engine, spec.model, spec.revision, spec.on_missing
    )


def _tool_permissions(spec: detectors.ToolPermissions, _: Ports) -> Check:
    return ToolPermissionsCheck(spec.allow, spec.deny, once_untrusted=spec.once_untrusted)


def _webhook(spec: detectors.Webhook, ports: Ports) -> Check:
    return WebhookCheck(spec.url, spec.secret.reveal(), ports)


def _moderation(spec: detectors.Moderation, ports: Ports) -> Check:
    return ModerationCheck(spec.model, ports, spec.categories, spec.threshold)


def _of(make: Callable[[Any, Ports], Check]) -> Callable[[Finder, Ports], Check]:
    return lambda finder, ports: make(finder.spec, ports)


_MADE: Final[Mapping[str, Callable[[Finder, Ports], Check]]] = {
    "presidio": _of(_presidio),
    "schema": _of(lambda spec, _: SchemaCheck(spec.schema)),
    "tool_args": _of(lambda _, __: ToolArgsCheck()),
    "tool_permissions": _of(_tool_permissions),
    "injection": _of(lambda spec, _: InjectionCheck(spec.threshold)),
    "judge": _judge,
    "length": _of(lambda spec, _: LengthCheck(spec.max_chars, spec.min_chars)),
    "guardrails_ai": _of(lambda spec, _: GuardrailsAiCheck(spec.validator, spec.arguments)),
    "webhook": _of(_webhook),
    "moderation": _of(_moderation),
}
