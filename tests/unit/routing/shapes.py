"""Short ways to write what routing decides about."""

from random import Random
from typing import Any

from gateway.config.structs import Breaker, Config, Fallbacks, Model, Provider, Retry, Target
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Attempt, Failure, FailureKind
from gateway.routing.features import Features
from gateway.routing.health import Health
from gateway.routing.plan import Plan, plan, resolve
from gateway.routing.retry import Step, next_step

OPEN_FOR = 10.0


def target(place: str, **fields: Any) -> Target:
    """`provider/model`."""
    provider, _, model = place.partition("/")
    return Target(provider=provider, model=model, **fields)


def model(*targets: Target | str, failure: str = "", context_length: str = "", **fields: Any) -> Model:
    return Model(
        targets=[target(one) if isinstance(one, str) else one for one in targets],
        fallbacks=Fallbacks(
            failure=failure.split(),
            context_length=context_length.split(),
            content_filter=fields.pop("content_filter", "").split(),
        ),
        **fields,
    )


def config(providers: dict[str, Provider] | None = None, **models: Model) -> Config:
    """Model names with `_` at the end become wildcards: `openai_` is `openai/*`."""
    named = {f"{name[:-1]}/*" if name.endswith("_") else name: each for name, each in models.items()}
    return Config(providers=providers or {}, models=named)


def health(failures: int = 1) -> Health:
    return Health(Breaker(failures=failures, open_for=OPEN_FOR))


def break_open(state: Health, name: str, now: float = 0.0) -> None:
    """Opens the breaker of a `health()`, which one failure does."""
    state.began(name, now)
    state.ended(name, now, Failure("connect", sent=False), now)


def planned(
    configuration: Config, asked: str = "fast", state: Health | None = None, now: float = 0.0, **fields: Any
) -> Plan:
    return plan(resolve(configuration), Features(model=asked, **fields), state or health(), now, Random(1))


def places(candidates: list[Candidate] | tuple[Candidate, ...]) -> list[str]:
    return [f"{one.provider}/{one.model}" for one in candidates]


def failed(candidate: str, kind: FailureKind = "status", status: int | None = None, **fields: Any) -> Attempt:
    """An attempt from second 0 to second 1."""
    return Attempt(candidate, 0.0, 1.0, Failure(kind, 503 if kind == "status" and status is None else status, **fields))


def step(
    made: Plan, *attempts: Attempt, policy: Retry | None = None, state: Health | None = None, **fields: Any
) -> Step:
    """What comes next at second 1 of 600."""
    given: dict[str, Any] = {
        "replayable": True,
        "committed": False,
        "deadline": 600.0,
        "budget_left": True,
        "now": 1.0,
        "rng": Random(1),
    }
    return next_step(made, attempts, policy or Retry(), health=state or health(), **(given | fields))
