"""A gateway in which requests that came once are judged again: bound as they were bound, and answered as they were answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import msgspec
from msgspec.structs import replace as with_fields

from gateway.app import ZONES, start
from gateway.config.strict import Secret
from gateway.config.structs import Breaker, Config, Model, Prices, Provider, Retry, Target
from gateway.exchange import Exchange
from gateway.guards.check import Said
from gateway.guards.finding import Finding
from gateway.limits.keys import KeyRing, Principal
from gateway.policy.bind import Bound, Facts
from gateway.policy.rule import BoundRule, Policy
from gateway.setup import Setup
from gateway.store.origins import Origins
from gateway.trying.calling import called
from gateway.trying.heard import Heard, Listening
from gateway.trying.recorded import Recorded
from gateway.trying.seen import DIALECTS, Seen
from gateway.trying.traffic import PATHS, Line
from gateway.upstream.providers import row_of
from gateway.wire.sealed import Resource, Sealer

REMOTE: Final = frozenset({"judge", "webhook", "moderation"})
"""Kinds of detectors that ask somebody else, and are not asked here."""
BOTH: Final = frozenset({"internal", "external"})
_PROVIDER: Final = "recorded"
_PATIENT: Final = 60_000
"""Milliseconds. That a detector is late says something of this machine, and nothing of a policy."""


@dataclass(frozen=True, slots=True, repr=False)
class Ran:
    """One request and what became of it. `facts` and `bound` are None where it did not come so far, or where no policy is.

    `got` is what the model was sent. `unasked`: rules, by policy and id, whose detectors were not asked. `starts`: rules that had it
    started over; what came after that is unknown.
    """

    line: Line
    facts: Facts | None
    asked: str | None
    bound: Bound | None
    heard: Heard
    status: int
    code: str | None
    message: str
    param: str | None
    starts: tuple[tuple[str, str], ...]
    got: Mapping[str, Any] | None
    unasked: tuple[tuple[str, str], ...]


class Replay:
    """`config` says where models lead, who is exempt, and to what team a key belongs; without it every target is of both zones."""

    def __init__(self, policies: Mapping[str, Policy], config: Config | None) -> None:
        self._policies = {name: _patient(one) for name, one in policies.items()}
        self._config = config or Config()
        self._model = Recorded()
        self._seen = Seen()
        self._who = _Who()
        self._setups: dict[frozenset[str], tuple[Setup, Listening | None]] = {}

    async def __aenter__(self) -> Self:
        """Raises ValueError for what this gateway cannot enforce."""
        self._gateway = await start(_leading(self._config, frozenset()), self._policies, self._model.connect)
        pipeline = self._gateway.gate.pipeline
        pipeline.recorder = self._seen
        pipeline.given = _Anybodys()
        self._setups[frozenset()] = self._taken()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateway.close()

    async def ran(self, line: Line) -> Ran:
        """One at a time."""
        setup, listening = await self._setup_for(line.zones)
        self._gateway.gate.pipeline.setup = setup
        self._model.put(line.answer)
        self._who.is_now(_principal(line, self._config))
        if listening is not None:
            listening.forget()
        body = msgspec.json.encode(line.request)
        answer = await called(self._gateway.app, PATHS[line.surface], body, line.headers)
        return self._told(line, listening, self._seen.last(), answer.status)

    def _told(self, line: Line, listening: Listening | None, x: Exchange, status: int) -> Ran:
        bound = listening.bound if listening is not None else None
        return Ran(
            line=line,
            facts=listening.facts if listening is not None else None,
            asked=listening.asked if listening is not None else None,
            bound=bound,
            heard=listening.heard if listening is not None else Heard(),
            status=status,
            code=x.error.code if x.error is not None else None,
            message=x.error.message if x.error is not None else "",
            param=x.error.param if x.error is not None else None,
            starts=tuple(x.starts),
            got=self._model.got,
            unasked=tuple(one.key for one in bound.rules if asks(one)) if bound is not None else (),
        )

    async def _setup_for(self, zones: frozenset[str]) -> tuple[Setup, Listening | None]:
        if zones not in self._setups:
            await self._gateway.prepare(_leading(self._config, zones), self._policies)
            self._setups[zones] = self._taken()
        return self._setups[zones]

    def _taken(self) -> tuple[Setup, Listening | None]:
        """The setup that has just been made, as it is to be here."""
        setup = self._gateway.gate.pipeline.setup
        setup.retire = lambda _: None  # it may come to be the setup of the moment again
        setup.keys = self._who
        setup.sealer = _Anyones()
        listening = None
        if setup.guards is not None:
            remote = {
                f.digest: _Unasked()
                for p in self._policies.values()
                for r in p.rules
                for f in r.finders
                if f.kind in REMOTE
            }
            setup.guards = listening = Listening(setup.guards, remote)
        return setup, listening


def asks(rule: BoundRule) -> bool:
    """Whether a rule rests on somebody who is not asked here."""
    return any(one.kind in REMOTE for one in rule.finders)


def _patient(policy: Policy) -> Policy:
    return replace(policy, rules=tuple(replace(rule, timeout_ms=_PATIENT) for rule in policy.rules))


def _leading(config: Config, zones: frozenset[str]) -> Config:
    """Where models lead as in `config`, but all to one who answers from memory; with `zones`, into these and no others."""
    everywhere = Model(targets=[_target(zone) for zone in sorted(zones or BOTH)])
    models = {} if zones else {name: _led(one, config) for name, one in config.models.items()}
    models.setdefault("*", everywhere)
    return Config(
        providers={_PROVIDER: _RECORDED},
        models=models,
        retry=Retry(attempts=1),
        breaker=Breaker(failures=1_000_000_000),
        limits=config.limits,
        policies=config.policies,
    )


def _led(model: Model, config: Config) -> Model:
    return with_fields(model, targets=[_kept(one, config) for one in model.targets])


def _kept(target: Target, config: Config) -> Target:
    provider = config.providers[target.provider]
    zone = target.zone or provider.zone or ZONES.get(row_of(target.provider, provider).name)
    region = target.region or provider.region
    return with_fields(target, provider=_PROVIDER, zone=zone, region=region, prices=target.prices or Prices())


def _target(zone: str) -> Target:
    return msgspec.convert({"provider": _PROVIDER, "model": "*", "zone": zone, "prices": {}}, Target)


def _principal(line: Line, config: Config) -> Principal:
    """Who asks is what the line says; what it leaves open, the configuration says of its key."""
    key = next((one for one in config.keys if one.name == line.key), None)
    name = line.key or "recorded"
    if key is None:
        return Principal(name, name, line.team, line.tags)
    return Principal(name, name, line.team or key.team, line.tags or frozenset(key.tags), tuple(key.models))


class _Who(KeyRing):
    """Believes what it was told."""

    def __init__(self) -> None:
        super().__init__([])
        self._principal = Principal("recorded", "recorded")

    def is_now(self, principal: Principal) -> None:
        self._principal = principal

    def identify(self, _headers: Mapping[str, str]) -> Principal:
        return self._principal


class _Anyones(Sealer):
    """Every id opens: whose it was has been decided when the request came."""

    def __init__(self) -> None:
        super().__init__(b"")

    def open(self, _owner: str, sealed: str) -> Resource | None:
        return Resource(_PROVIDER, sealed)


class _Anybodys(Origins):
    """As of sealed ids, so of those that are not."""

    def find(self, _owner: str, _signed: Iterable[str], among: Any) -> str | None:
        return _PROVIDER if _PROVIDER in among else None


class _Unasked:
    """Stands for who is not asked, and finds nothing."""

    async def look(self, _said: Said) -> list[Finding]:
        return []


_RECORDED: Final = Provider(
    kind="openai_compatible",
    base_url="http://recorded.invalid/v1",
    dialects=DIALECTS,
    headers={"authorization": Secret("Bearer recorded"), "x-api-key": Secret("recorded")},
)
