"""The shape of `haechi.yaml`. These structs are the configuration: decoding, messages, JSON Schema and reference come from them.

Times are in seconds, sizes in bytes, prices in US dollars per million tokens.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.config.cache import Cache
from gateway.config.console import Console
from gateway.config.feedback import Feedback
from gateway.config.ledger import Ledger
from gateway.config.strict import KeyHash, Name, Price, Seconds, Secret, Size, Strict, Tokens, Url, UrlPath, Zone
from gateway.config.tracing import Tracing


class Listen(Strict, frozen=True):
    """Where the gateway listens."""

    host: Annotated[str, Meta(description="Address. Anything but loopback needs `keys`.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="0 takes a free port.")] = 8080


class Key(Strict, frozen=True):
    """One caller. `haechi key` makes a key and prints its hash; the key itself is kept by the caller alone."""

    name: Annotated[Name, Meta(description="Shown in records; unique.")]
    hash: Annotated[KeyHash, Meta(description="`sha256:` and the hex digest of the key.")]
    team: Annotated[str | None, Meta(description="Team the caller belongs to; `when.teams` asks for it.")] = None
    tags: Annotated[list[str], Meta(description="Tags every request of this key carries.")] = field(
        default_factory=list
    )
    models: Annotated[list[Name], Meta(description="Model names it may ask for; `*` at the end matches the rest.")] = (
        field(default_factory=lambda: ["*"])
    )
    admin: Annotated[bool, Meta(description="May look at the cache and purge it, of everybody.")] = False

    @property
    def id(self) -> str:
        """Tells it apart from others, and says nothing about the key."""
        return self.hash[-16:]


class Timeouts(Strict, frozen=True):
    """Apart, because each failure means something else."""

    connect: Annotated[Seconds, Meta(description="Until a connection to the upstream stands, TLS included.")] = 5.0
    first_token: Annotated[Seconds, Meta(description="From sending the request to the first frame with text.")] = 120.0
    between_tokens: Annotated[Seconds, Meta(description="Longest silence inside a stream.")] = 60.0
    total: Annotated[Seconds, Meta(description="The whole exchange, all attempts and waits together.")] = 600.0


class Limits(Strict, frozen=True):
    """What one caller may make the gateway hold."""

    body_bytes: Annotated[Size, Meta(description="Largest JSON request body.")] = 32 * 1024 * 1024
    upload_bytes: Annotated[Size, Meta(description="Largest multipart upload (files, audio).")] = 512 * 1024 * 1024
    answer_bytes: Annotated[Size, Meta(description="Largest unary answer of an upstream.")] = 64 * 1024 * 1024
    event_bytes: Annotated[Size, Meta(description="Largest single event of a stream.")] = 16 * 1024 * 1024
    header_bytes: Annotated[Size, Meta(description="All request headers together.")] = 64 * 1024
    header_seconds: Annotated[Seconds, Meta(description="Until the last header has come.")] = 10.0
    body_seconds: Annotated[Seconds, Meta(description="Longest silence inside a request body.")] = 30.0
    json_depth: Annotated[int, Meta(ge=1, le=500, description="Deepest nesting of a JSON body.")] = 100
    concurrent_requests: Annotated[int, Meta(ge=1, description="Exchanges under way at once; more get 503.")] = 10_000
    heartbeat: Annotated[
        Seconds, Meta(description="Silence before a heartbeat comment goes to a streaming caller.")
    ] = 15.0
    drain: Annotated[Seconds, Meta(description="How long streams may go on after SIGTERM.")] = 30.0


class Retry(Strict, frozen=True):
    """When to try again."""

    attempts: Annotated[int, Meta(ge=1, le=10, description="Attempts per request, over all targets.")] = 3
    base_delay: Annotated[Seconds, Meta(description="First back-off; doubles, with full jitter.")] = 0.25
    max_delay: Annotated[Seconds, Meta(description="Longest back-off; a longer `Retry-After` moves on at once.")] = 8.0
    budget: Annotated[float, Meta(ge=0, le=1, description="Retries allowed as a share of requests (over 10 s).")] = 0.2


class Breaker(Strict, frozen=True):
    """The circuit breaker every target has."""

    failures: Annotated[int, Meta(ge=1, description="Failures in a row that open it.")] = 5
    open_for: Annotated[
        Seconds, Meta(description="Until one probe request is let through; doubles up to 10 times.")
    ] = 10.0


class HealthCheck(Strict, frozen=True):
    """Active checks, for self-hosted targets."""

    path: Annotated[UrlPath, Meta(description="Path asked with GET; 2xx is healthy.")] = "/health"
    every: Annotated[Seconds, Meta(description="Interval.")] = 5.0
    timeout: Annotated[Seconds, Meta(description="Of one check.")] = 2.0


class Provider(Strict, frozen=True):
    """An upstream account or server. Its kind is a row of the provider table (see `docs/providers.md`)."""

    kind: Annotated[str | None, Meta(description="Row of the provider table; by default the provider's own name.")] = (
        None
    )
    base_url: Annotated[Url | None, Meta(description="Replaces the row's address.")] = None
    dialects: Annotated[
        list[
            Literal[
                "chat",
                "completions",
                "embeddings",
                "moderations",
                "responses",
                "messages",
                "count_tokens",
                "images",
                "audio",
                "files",
                "batches",
                "rerank",
            ]
        ]
        | None,
        Meta(description="APIs it speaks; by default those of the row."),
    ] = None
    api_key: Annotated[Secret | None, Meta(description="Usually `${VAR}` or `${file:/path}`.")] = None
    headers: Annotated[dict[str, Secret], Meta(description="Extra headers sent to this provider.")] = field(
        default_factory=dict
    )
    region: Annotated[Name | None, Meta(description="Where it computes; routes may ask for it.")] = None
    zone: Annotated[Zone | None, Meta(description="Trust zone; by default the row's.")] = None
    retention: Annotated[Literal["none", "limited", "unknown"], Meta(description="What the provider keeps.")] = (
        "unknown"
    )
    vector_stores: Annotated[
        list[Name], Meta(description="Vector stores in this account that every caller may search.")
    ] = field(default_factory=list)
    timeouts: Annotated[Timeouts | None, Meta(description="Replaces the general ones.")] = None
    connections: Annotated[int, Meta(ge=1, le=100_000, description="Pool limit towards this provider.")] = 1000
    pool_wait: Annotated[Seconds, Meta(description="Longest wait for a free connection.")] = 5.0
    ca_file: Annotated[str | None, Meta(description="PEM file trusted besides the system's authorities.")] = None
    proxy: Annotated[str | None, Meta(description="Proxy URL; by default the usual variables are honoured.")] = None
    health: Annotated[HealthCheck | None, Meta(description="Active checks; off unless given.")] = None


class Prices(Strict, frozen=True):
    """US dollars per million tokens."""

    input: Annotated[Price, Meta(description="Of input tokens.")] = 0.0
    output: Annotated[Price, Meta(description="Of output tokens, reasoning included.")] = 0.0
    cached_input: Annotated[
        Price | None, Meta(description="Of input read from the provider's cache; by default the input price.")
    ] = None
    cache_write: Annotated[
        Price | None, Meta(description="Of input written to the provider's cache; by default the input price.")
    ] = None


class When(Strict, frozen=True):
    """Conditions of a target; all that are given must hold. Used by the strategy `conditional`."""

    models: Annotated[list[Name] | None, Meta(description="Names asked for, any of them; `*` at the end.")] = None
    teams: Annotated[list[Name] | None, Meta(description="Teams of the caller's key, any of them.")] = None
    tags: Annotated[list[Name] | None, Meta(description="Tags of the caller's key, any of them.")] = None
    headers: Annotated[dict[str, str] | None, Meta(description="Header name to the exact value it must have.")] = None
    min_tokens: Annotated[Tokens | None, Meta(description="Estimated input tokens, at least.")] = None
    max_tokens: Annotated[Tokens | None, Meta(description="Estimated input tokens, at most.")] = None
    tools: Annotated[bool | None, Meta(description="Whether the request declares tools.")] = None
    images: Annotated[bool | None, Meta(description="Whether the request holds images.")] = None


Capability = Literal["tools", "images", "audio", "files", "structured", "reasoning", "logprobs", "n"]


class Target(Strict, frozen=True):
    """One place a model name can lead to."""

    provider: Annotated[Name, Meta(description="Key of `providers`.")]
    model: Annotated[Name, Meta(description="Its name there; `*` stands for what the caller's `*` matched.")]
    weight: Annotated[float, Meta(ge=0, description="Share under the strategy `weighted`.")] = 1.0
    region: Annotated[Name | None, Meta(description="By default the provider's.")] = None
    zone: Annotated[Zone | None, Meta(description="Trust zone; by default the provider's.")] = None
    prices: Annotated[Prices | None, Meta(description="By default looked up by provider and model.")] = None
    lacks: Annotated[list[Capability], Meta(description="What it cannot do; requests that need it go elsewhere.")] = (
        field(default_factory=list)
    )
    context_tokens: Annotated[
        Annotated[int, Meta(ge=1, le=1 << 40)] | None, Meta(description="Longest input; longer requests go elsewhere.")
    ] = None
    when: Annotated[
        When | None, Meta(description="Conditions, under the strategy `conditional`; targets without any come last.")
    ] = None


Strategy = Literal["ordered", "weighted", "least_busy", "fastest", "cheapest", "sticky", "conditional"]


class Fallbacks(Strict, frozen=True):
    """Other model names to try, by what went wrong. Each list is tried in order, once."""

    failure: Annotated[list[Name], Meta(description="When no target answers.")] = field(default_factory=list)
    context_length: Annotated[list[Name], Meta(description="When the input is too long for the model.")] = field(
        default_factory=list
    )
    content_filter: Annotated[list[Name], Meta(description="When the provider's filter refuses the request.")] = field(
        default_factory=list
    )


class Model(Strict, frozen=True):
    """What a caller asks for by name, and where it leads."""

    targets: Annotated[list[Target], Meta(min_length=1, description="The places it can lead to.")]
    strategy: Annotated[Strategy, Meta(description="How the order of the targets is chosen.")] = "ordered"
    fallbacks: Annotated[Fallbacks, Meta(description="Other models, when this one cannot answer.")] = field(
        default_factory=Fallbacks
    )
    regions: Annotated[list[Name] | None, Meta(description="Only targets in these regions.")] = None
    zones: Annotated[list[Zone] | None, Meta(description="Only targets in these trust zones.")] = None


class Kept(Strict, frozen=True):
    """What is kept encrypted for `previous_response_id`: in memory, or in Redis where that is configured."""

    count: Annotated[int, Meta(ge=0, description="How many in memory; the oldest go first.")] = 10_000
    bytes: Annotated[
        int, Meta(ge=0, description="How much they may hold together in memory; how large one may be in Redis.")
    ] = 64 * 1024 * 1024
    seconds: Annotated[Seconds, Meta(description="How long, from when they were made.")] = 86_400.0


class Redis(Strict, frozen=True):
    """What replicas share. While it is away they go on, and whoever needs what is in it is told so at once."""

    url: Annotated[
        Secret,
        Meta(
            description="`redis://[user:password@]host[:port][/database]`; `rediss://` with TLS; `unix:///path`; "
            "`redis+cluster://host:port,host:port`; `redis+sentinel://host:port,host:port/service`."
        ),
    ]
    timeout_ms: Annotated[
        int, Meta(ge=1, le=10_000, description="Longest wait, for a connection and an answer together.")
    ] = 100
    connections: Annotated[int, Meta(ge=1, le=10_000, description="Pool limit of one process.")] = 32
    prefix: Annotated[str, Meta(description="What the names of all keys begin with.")] = "haechi:"
    ca_file: Annotated[str | None, Meta(description="PEM file trusted instead of the system's authorities.")] = None


class Record(Strict, frozen=True):
    """What is written down of each exchange. No text of a request or an answer is."""

    file: Annotated[str | None, Meta(description="JSON lines, one per exchange; `-` is standard output.")] = None
    queue: Annotated[int, Meta(ge=1, description="Records waiting to be written; more are dropped and counted.")] = (
        10_000
    )
    users: Annotated[
        Literal["hashed", "plain", "off"],
        Meta(
            description="How the end user that a request names is told: by a pseudonym made with `secret`, as it stands, or not at all."
        ),
    ] = "hashed"
    spool: Annotated[
        Name,
        Meta(description="Folder in which records wait for ledger and tracing; each gateway has its own part of it."),
    ] = "haechi-spool"
    spool_bytes: Annotated[
        int,
        Meta(
            ge=1 << 20,
            le=1 << 40,
            description="How much may wait there. Beyond it rows are dropped and counted; their money is kept.",
        ),
    ] = 1 << 30


class Exempt(Strict, frozen=True):
    """The only way round a rule: one caller, one rule, a reason. Every use is recorded by its name."""

    name: Annotated[Name, Meta(description="Shown in records; unique.")]
    policy: Annotated[Name, Meta(description="Name of the policy in which the rule stands.")]
    rule: Annotated[Name, Meta(description="Id of the rule.")]
    reason: Annotated[Name, Meta(description="Why, for whoever audits it.")]
    key: Annotated[Name | None, Meta(description="Name of the key it is for; or give `team`.")] = None
    team: Annotated[Name | None, Meta(description="Team it is for; or give `key`.")] = None


class Policies(Strict, frozen=True):
    """Guardrails: which files they stand in, and who is exempt from which rule."""

    files: Annotated[
        list[Name],
        Meta(
            description="Policy files, relative to this file; `*` matches any name, `**` any folders. `haechi:NAME` comes with the gateway."
        ),
    ] = field(default_factory=list)
    exempt: Annotated[list[Exempt], Meta(description="The only way round a rule, audited.")] = field(
        default_factory=list
    )


class Config(Strict, frozen=True):
    """The whole file."""

    listen: Annotated[Listen, Meta(description="Where the gateway listens.")] = field(default_factory=Listen)
    keys: Annotated[list[Key], Meta(description="Who may call. Without any, only loopback is served, any key.")] = (
        field(default_factory=list)
    )
    secret: Annotated[
        Secret | None,
        Meta(description="Seals the ids given to callers, and makes placeholders; share it between replicas."),
    ] = None
    other_secrets: Annotated[
        list[Secret],
        Meta(
            description="What was made with these is read too; nothing new is. Those that `secret` replaced, and the one to come."
        ),
    ] = field(default_factory=list)
    providers: Annotated[dict[str, Provider], Meta(description="Upstream accounts and servers, by name.")] = field(
        default_factory=dict
    )
    models: Annotated[
        dict[str, Model], Meta(description="What callers ask for, by name; `*` at the end of a name.")
    ] = field(default_factory=dict)
    timeouts: Annotated[Timeouts, Meta(description="For every provider without its own.")] = field(
        default_factory=Timeouts
    )
    limits: Annotated[Limits, Meta(description="What one caller may make the gateway hold.")] = field(
        default_factory=Limits
    )
    retry: Annotated[Retry, Meta(description="When to try again.")] = field(default_factory=Retry)
    breaker: Annotated[Breaker, Meta(description="When a failing target is left alone.")] = field(
        default_factory=Breaker
    )
    kept: Annotated[Kept, Meta(description="What is kept for `previous_response_id`.")] = field(default_factory=Kept)
    redis: Annotated[Redis | None, Meta(description="What replicas share. Without it each has its own memory.")] = None
    cache: Annotated[Cache | None, Meta(description="Answers given again; off unless given.")] = None
    record: Annotated[Record, Meta(description="What is written down of each exchange.")] = field(
        default_factory=Record
    )
    ledger: Annotated[Ledger | None, Meta(description="A database of all requests; off unless given.")] = None
    tracing: Annotated[
        Tracing | None, Meta(description="Traces of all requests; off unless given, or asked for by the environment.")
    ] = None
    console: Annotated[Console, Meta(description="Pages for people.")] = field(default_factory=Console)
    feedback: Annotated[Feedback, Meta(description="What may be said of answers, and by whom.")] = field(
        default_factory=Feedback
    )
    policies: Annotated[Policies, Meta(description="Guardrails, and who is exempt from which.")] = field(
        default_factory=Policies
    )
