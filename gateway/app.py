"""The composition root: from a configuration to a gateway. Here, and only here, all parts meet."""

import asyncio
import functools
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.types import ASGIApp

from gateway.api.asgi import application
from gateway.api.internal import Internal
from gateway.api.llm import Gate
from gateway.api.pushing import Pushes
from gateway.attempts import Attempts
from gateway.caches import Caches
from gateway.config.discover import discovered, state_folder
from gateway.config.load import load_with_files
from gateway.config.source import Stamp
from gateway.config.structs import Config, Provider, Timeouts
from gateway.config.subject import Rows
from gateway.config.traced import traced
from gateway.console.door import routes as console_routes
from gateway.dialects import DIALECTS
from gateway.feedback_ledger import FeedbackLedger
from gateway.guards.catalogue import ENTITIES, GROUPS
from gateway.guards.check import Check
from gateway.guards.checks.budget import Budget
from gateway.guards.checks.ports import Ports
from gateway.guards.placeholders import KeyRing as PlaceholderKeys
from gateway.ledger.lazily import Lazily
from gateway.limits.feedback_tokens import FeedbackTokens
from gateway.limits.keys import KeyRing
from gateway.limits.open_mode import is_loopback
from gateway.limits.pricing import find_price_list, load_prices
from gateway.pipeline import Pipeline
from gateway.policy.bind import Binder
from gateway.policy.checking import make_checks, without_library
from gateway.policy.finding import VERSIONS
from gateway.policy.guarding import Guards
from gateway.policy.load import load_files, load_policies
from gateway.policy.rule import Policy, policy
from gateway.policy.structs import Bind
from gateway.policy.written import Written, as_written
from gateway.record.opening import ENDS_WITHIN, recorder_of
from gateway.record.sampling import Sampling
from gateway.routing.budget import RetryBudget
from gateway.routing.health import Health
from gateway.routing.plan import resolve
from gateway.setup import Setup, likely
from gateway.shipped import shipped
from gateway.simulator.app import simulator
from gateway.simulator.serve import serve as serve_simulator
from gateway.store.maps import Maps
from gateway.store.memory import Memory as Shelved
from gateway.store.redis import Redis
from gateway.store.redis import load as load_redis
from gateway.store.responses import KeptResponses
from gateway.store.vault import Vault
from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.checks import Checks, Watched, apart
from gateway.upstream.client import Transport, TransportLimits
from gateway.upstream.http import Upstream
from gateway.upstream.litellm import load as load_library
from gateway.upstream.posting import Poster
from gateway.upstream.providers import PROVIDERS, VARIABLES, Row, row_of
from gateway.wire.passage import served
from gateway.wire.sealed import Sealer

Connect = Callable[[TransportLimits], Transport]
ZONES: Final = {name: row.zone for name, row in PROVIDERS.items()}
_PLAIN: Final = Provider()
_OF_CONNECTIONS: Final = ("connections", "pool_wait", "ca_file", "proxy", "health")
SIMULATED: Final = "simulated"
_BUDGETS: Final = 1_024
AT_FIRST: Final = ("baseline", "pii-korea")
"""Shipped policies that apply where there is no configuration."""
KNOWN_ENTITIES: Final = frozenset({*ENTITIES, *GROUPS})
ROWS: Final = Rows(
    kinds=PROVIDERS.keys(),
    zones=ZONES,
    without_address=[
        name for name, row in PROVIDERS.items() if row.base_url is None and not row.library and name != SIMULATED
    ],
)


@dataclass(frozen=True, slots=True)
class Read:
    """A configuration, its policies by name and as they were written, and all files they came from, each with the stamp it had then."""

    config: Config
    policies: Mapping[str, Policy] = field(default_factory=dict)
    files: Mapping[Path, Stamp | None] = field(default_factory=dict)
    written: Mapping[str, Written] = field(default_factory=dict)


def read_config(path: Path | None, env: Mapping[str, str]) -> Read:
    """What the file says, or what the environment offers where there is no file. Raises `ConfigError`."""
    if path is None:
        at_first = load_files(map(shipped, AT_FIRST), {}, KNOWN_ENTITIES)
        return Read(
            traced(discovered(env, VARIABLES, state_folder(env)), env),
            _bound_to_all(at_first.policies),
            written=as_written(at_first),
        )
    loaded = load_with_files(path, env, ROWS)
    found = load_policies(loaded, path.parent, env, KNOWN_ENTITIES)
    return Read(traced(loaded.config, env), found.policies, {**loaded.files, **found.files}, as_written(found))


def _bound_to_all(policies: Mapping[str, Policy]) -> Mapping[str, Policy]:
    """The same rules for every request, at home too: so that the demo, which stays at home, shows them."""
    return {name: policy(name, one.version, Bind(), one.rules) for name, one in policies.items()}


async def start(
    config: Config,
    policies: Mapping[str, Policy] = MappingProxyType({}),
    connect: Connect = AiohttpTransport,
    written: Mapping[str, Written] = MappingProxyType({}),
) -> "Gateway":
    """A gateway in the running event loop. A provider of kind `simulated` without an address gets the built-in one.

    `connect` makes what stands between the gateway and its providers.
    """
    redis = None if config.redis is None else Redis(config.redis, await asyncio.to_thread(load_redis))
    gateway = Gateway(config, connect, redis)
    try:
        await gateway.prepare(config, policies, written)
    except ValueError:
        await asyncio.to_thread(gateway.gate.pipeline.recorder.close, ENDS_WITHIN)
        raise
    return gateway


def check_policies(config: Config, policies: Mapping[str, Policy]) -> Binder | None:
    """Raises ValueError for what this gateway cannot enforce. None where there is no policy."""
    if not policies:
        return None
    if missing := without_library(policies.values()):
        raise ValueError("\n".join(missing))
    return Binder(policies, config.policies.exempt, VERSIONS)


class Gateway:
    """What survives a reload, and how the rest is made anew."""

    def __init__(self, config: Config, connect: Connect = AiohttpTransport, redis: Redis | None = None) -> None:
        self._connect = connect
        self._redis = redis
        self._kept = config.kept
        self._shelf = redis or Shelved(
            max_count=config.kept.count, max_bytes=config.kept.bytes, clock=asyncio.get_running_loop().time
        )
        self._prices = load_prices(find_price_list())
        self._secret = secrets.token_bytes(32)
        self._upstreams: list[tuple[str, Provider, Timeouts, Upstream]] = []
        self._simulated: tuple[str, Callable[[], Awaitable[None]]] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._poster: Poster | None = None
        self._caches = Caches()
        self.ledger = None if config.ledger is None else Lazily(config.ledger)
        self._feedback = None if self.ledger is None else FeedbackLedger(self.ledger)
        self._made: Mapping[str, Check] = {}
        self._budget = functools.lru_cache(_BUDGETS)(lambda _digest, dollars: Budget(dollars, time.time))
        self._sampling = None if config.tracing is None else Sampling(config.tracing)
        health = Health(config.breaker)
        rng = random.Random()
        self._checks = Checks(health, rng)
        attempts = Attempts(DIALECTS, health, RetryBudget(config.retry.budget), rng)
        recorder = recorder_of(config)
        empty = self._setup(Config())
        self._setups = [empty]
        self.gate = Gate(Pipeline(empty, attempts, recorder, rng))
        self.gate.desk.ledger = self._feedback
        self._pushes = Pushes(self.gate.pipeline)
        self.app: ASGIApp = application(self.gate, console_routes(self.gate, config.console, self.ledger))

    async def prepare(
        self,
        config: Config,
        policies: Mapping[str, Policy] = MappingProxyType({}),
        written: Mapping[str, Written] = MappingProxyType({}),
    ) -> None:
        """Puts the configuration in force: the next request is served by it, those under way keep theirs.

        Raises ValueError, having changed nothing, for what only this process can know to be wrong.
        """
        if self._simulated is None and any(_simulated(name, one) for name, one in config.providers.items()):
            port, stop = await serve_simulator(simulator())
            self._simulated = (f"http://127.0.0.1:{port}/v1", stop)
        check_library(config)
        await self._load_library(config)
        try:
            setup = self._setup(config)
        except ValueError:
            self._sweep()
            raise
        setup.policies, setup.written = policies, written
        self._setups.append(setup)
        try:
            await self._make_guards(setup, policies)
            setup.cache = await self._caches.made(config, Internal(self.gate.pipeline, setup))
        except ValueError:
            self._retire(setup)
            raise
        old, self.gate.pipeline.setup = self.gate.pipeline.setup, setup
        old.supersede()
        self.gate.pipeline.recent.most = config.feedback.remembered
        self._checks.follow(_watched(setup))
        self._pushes.begin()

    async def close(self) -> None:
        """After the last exchange: writes the records, closes all connections."""
        await self.gate.drafts.aclose()
        await self._caches.stop()
        await self._pushes.aclose()
        await asyncio.to_thread(self.gate.pipeline.recorder.close, ENDS_WITHIN)
        await self._checks.close()
        for *_, upstream in self._upstreams:
            await upstream.transport.aclose()
        if self._poster is not None:
            await self._poster.aclose()
        if self._closing:
            await asyncio.wait(self._closing)
        if (library := self.gate.pipeline.attempts.library) is not None:
            await library.aclose()
        await self._caches.aclose()
        if self._feedback is not None:
            await self._feedback.aclose()
        if self.ledger is not None:
            await self.ledger.aclose()
        if self._redis is not None:
            await self._redis.aclose()
        if self._simulated is not None:
            await self._simulated[1]()

    async def _load_library(self, config: Config) -> None:
        attempts = self.gate.pipeline.attempts
        if attempts.library is None and any(row_of(name, one).library for name, one in config.providers.items()):
            attempts.library = await asyncio.to_thread(load_library)

    async def _make_guards(self, setup: Setup, policies: Mapping[str, Policy]) -> None:
        binder = check_policies(setup.config, policies)
        if binder is None:
            self._made = {}
            return
        internal = Internal(self.gate.pipeline, setup)
        ports = Ports(internal.ask, internal.most_cost, self._budget, self._post, time.time)
        self._made = await asyncio.to_thread(make_checks, policies.values(), ports, self._made)
        setup.guards = Guards(binder, PlaceholderKeys(*self._secrets_of(setup.config)), self._made)
        await asyncio.to_thread(setup.guards.warm, likely(setup))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> tuple[int, bytes]:
        if self._poster is None:
            self._poster = Poster(self._connect(TransportLimits()))
        return await self._poster.post(url, headers, body, seconds)

    def _secrets_of(self, config: Config) -> tuple[bytes, ...]:
        """The first makes what is new; what any of them made is read. There is always a first, be it this process's own."""
        first = config.secret.reveal().encode() if config.secret is not None else self._secret
        return (first, *(one.reveal().encode() for one in config.other_secrets))

    def _setup(self, config: Config) -> Setup:
        keys = KeyRing(config.keys)
        if not keys and not is_loopback(config.listen.host):
            raise ValueError(
                "without `keys` the gateway listens on loopback only: anyone who reaches the port could use it"
            )
        upstreams = {name: self._upstream(config, name, provider) for name, provider in config.providers.items()}
        vault = Vault(self._shelf, *self._secrets_of(config), most=self._kept.bytes)
        tokens = config.feedback.tokens
        return Setup(
            config=config,
            keys=keys,
            routes=resolve(
                config,
                zones=ZONES,
                price_of=self._prices.find,
                serves_of=lambda name: served(upstreams[name].speaks) if name in upstreams else None,
            ),
            upstreams=upstreams,
            sealer=Sealer(*self._secrets_of(config)),
            responses=KeptResponses(vault, self._kept.seconds),
            maps=Maps(vault, self._kept.seconds),
            sampling=self._sampling,
            tokens=None if tokens is None else FeedbackTokens(tokens.seconds, *self._secrets_of(config)),
            retire=self._retire,
        )

    def _upstream(self, config: Config, name: str, provider: Provider) -> Upstream:
        """Providers that have not changed keep their connections over a reload."""
        timeouts = provider.timeouts or config.timeouts
        for *made_of, upstream in self._upstreams:
            if made_of == [name, provider, timeouts]:
                return upstream
        row = row_of(name, provider)
        base_url = (
            provider.base_url
            or row.base_url
            or (self._simulated[0] if self._simulated and row.name == SIMULATED else "")
        )
        upstream = Upstream(
            name=name,
            row=row,
            base_url=base_url.rstrip("/"),
            speaks=frozenset(provider.dialects) if provider.dialects else row.speaks,
            timeouts=timeouts,
            transport=self._connect(_limits(provider, timeouts)),
            headers=_headers(row, provider),
        )
        self._upstreams.append((name, provider, timeouts, upstream))
        return upstream

    def _retire(self, setup: Setup) -> None:
        """Also of one that is retired already: what asks in the background may have begun under it, and ask once more."""
        if setup in self._setups:
            self._setups.remove(setup)
            self._sweep()

    def _sweep(self) -> None:
        """Closes the connections of providers that no setup uses any more, neither the one in force nor one still under way."""
        used = {id(one) for setup in self._setups for one in setup.upstreams.values()}
        gone = [upstream for *_, upstream in self._upstreams if id(upstream) not in used]
        self._upstreams = [made for made in self._upstreams if id(made[-1]) in used]
        for upstream in gone:
            task = asyncio.get_running_loop().create_task(upstream.transport.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def check_library(config: Config) -> None:
    """Raises ValueError for what a provider behind litellm cannot be told, or must not leave to its callers."""
    behind = {name for name, one in config.providers.items() if row_of(name, one).library}
    for name in behind:
        ignored = [
            field for field in _OF_CONNECTIONS if getattr(config.providers[name], field) != getattr(_PLAIN, field)
        ]
        if ignored:
            raise ValueError(
                f"providers.{name}: litellm makes its own connections and ignores {', '.join(ignored)}; leave out"
            )
    for name, model in config.models.items():
        if any(target.provider in behind and target.model.startswith("*") for target in model.targets):
            raise ValueError(
                f"models.{name}: a caller could choose any provider and address that litellm knows; "
                "write whose models they are: `bedrock/*`, not `*`"
            )


def _watched(setup: Setup) -> dict[str, Watched]:
    """Whom to look after. What is asked through a library has no server of its own to look at."""
    watched = {}
    for name, provider in setup.config.providers.items():
        upstream = setup.upstreams[name]
        if provider.health is not None and upstream.base_url:
            connect = functools.partial(AiohttpTransport, apart(_limits(provider, upstream.timeouts)))
            watched[name] = Watched(upstream, provider.health, connect)
    return watched


def _limits(provider: Provider, timeouts: Timeouts) -> TransportLimits:
    return TransportLimits(
        connections=provider.connections,
        pool_wait=provider.pool_wait,
        connect=timeouts.connect,
        proxy=provider.proxy,
        ca_file=provider.ca_file,
    )


def _simulated(name: str, provider: Provider) -> bool:
    return (provider.kind or name) == SIMULATED and provider.base_url is None


def _headers(row: Row, provider: Provider) -> dict[str, str]:
    headers = {name.lower(): value.reveal() for name, value in provider.headers.items()}
    key = provider.api_key.reveal() if provider.api_key else SIMULATED if row.name == SIMULATED else None
    if key is not None:
        for way in row.auth.split("+"):
            headers.setdefault(*(("authorization", f"Bearer {key}") if way == "bearer" else (way, key)))
    return headers
