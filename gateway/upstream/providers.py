"""The provider table: an OpenAI-compatible vendor or server is a row of data, not code.

`docs/providers.md` is generated from it. A base URL of None must come from the configuration.
"""

from typing import Final, Literal

from msgspec import Struct

from gateway.config.strict import Zone
from gateway.config.structs import Provider

Auth = Literal["bearer", "x-api-key", "api-key", "bearer+x-api-key"]

_CHAT: Final = frozenset({"chat"})
_TEXT: Final = frozenset({"chat", "completions", "embeddings"})
_OPENAI: Final = _TEXT | {"responses", "moderations", "images", "audio", "files", "batches"}
_MESSAGES: Final = frozenset({"messages", "count_tokens"})


class Quirks(Struct, frozen=True, kw_only=True):
    """Where a provider's chat API differs from OpenAI's; the first three concern top-level fields of a chat body.

    `rename`: the same thing under another name. `drop`: what changes no answer, but would be refused (servers that
    refuse `stream_options` mostly report usage anyway). `unknown`: what it
    cannot do; a caller who speaks chat hears it from the vendor, one whose request was translated from us.
    `usage_per_choice`: a stream reports usage once for each choice, so the counts have to be added up.
    """

    rename: tuple[tuple[str, str], ...] = ()
    drop: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    usage_per_choice: bool = False


class Row(Struct, frozen=True, kw_only=True):
    """`speaks`: dialects it understands natively. `variable`: where its key usually stands. `models`: has `/models`."""

    name: str
    title: str
    base_url: str | None = None
    variable: str | None = None
    speaks: frozenset[str] = _TEXT
    auth: Auth = "bearer"
    zone: Zone = "external"
    quirks: Quirks = Quirks()
    library: bool = False
    """Asked through litellm, as a library, in the chat dialect."""


_NEW_NAME: Final = Quirks(rename=(("max_tokens", "max_completion_tokens"),), unknown=("top_k",))
_OLD_NAME: Final = Quirks(rename=(("max_completion_tokens", "max_tokens"),))
_LLAMACPP: Final = Quirks(rename=_OLD_NAME.rename, usage_per_choice=True)
_MISTRAL: Final = Quirks(
    rename=(("max_completion_tokens", "max_tokens"), ("seed", "random_seed")),
    drop=("stream_options", "user", "service_tier"),
    unknown=("logit_bias", "top_k"),
)


def _vendor(
    name: str,
    title: str,
    base_url: str,
    variable: str,
    speaks: frozenset[str] = _TEXT,
    quirks: Quirks = _OLD_NAME,
) -> Row:
    return Row(name=name, title=title, base_url=base_url, variable=variable, speaks=speaks, quirks=quirks)


def _server(
    name: str,
    title: str,
    speaks: frozenset[str] = _TEXT,
    base_url: str | None = None,
    quirks: Quirks = _OLD_NAME,
) -> Row:
    return Row(name=name, title=title, base_url=base_url, speaks=speaks, zone="internal", quirks=quirks)


_ROWS: Final = (
    _vendor("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", _OPENAI, _NEW_NAME),
    Row(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com",
        variable="ANTHROPIC_API_KEY",
        speaks=_MESSAGES,
        auth="x-api-key",
    ),
    # Google's own OpenAI-compatible endpoint; Vertex goes through litellm.
    _vendor(
        "gemini",
        "Google Gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
        frozenset({"chat", "embeddings"}),
        Quirks(unknown=("top_k",)),
    ),
    # The v1 API of Azure: https://RESOURCE.openai.azure.com/openai/v1; the model is the deployment's name.
    Row(
        name="azure",
        title="Azure OpenAI",
        variable="AZURE_OPENAI_API_KEY",
        speaks=_OPENAI,
        auth="api-key",
        quirks=_NEW_NAME,
    ),
    _vendor(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        frozenset({"chat", "embeddings", "moderations", "files"}),
        _MISTRAL,
    ),
    _vendor(
        "groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", frozenset({"chat", "responses", "audio"})
    ),
    _vendor(
        "together", "Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", _TEXT | {"images", "rerank", "audio"}
    ),
    _vendor(
        "fireworks",
        "Fireworks",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        _TEXT | {"responses", "rerank"},
    ),
    _vendor("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", _CHAT),
    _vendor(
        "xai",
        "xAI",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        frozenset({"chat", "responses", "images"}),
        Quirks(unknown=("top_k",)),
    ),
    _vendor(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        frozenset({"chat", "completions", "embeddings", "responses"}),
        Quirks(),
    ),
    _vendor("upstage", "Upstage", "https://api.upstage.ai/v1", "UPSTAGE_API_KEY", frozenset({"chat", "embeddings"})),
    _vendor(
        "cerebras", "Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", _CHAT, Quirks(unknown=("top_k",))
    ),
    _vendor("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    _server("vllm", "vLLM", _TEXT | {"responses", "rerank", "audio"}),
    _server("sglang", "SGLang", _TEXT | {"rerank"}),
    _server("tgi", "Text Generation Inference", _CHAT),
    _server("tensorrt_llm", "TensorRT-LLM", frozenset({"chat", "completions"})),
    _server("ollama", "Ollama", _TEXT, "http://127.0.0.1:11434/v1"),
    _server("llamacpp", "llama.cpp", _TEXT | {"rerank"}, quirks=_LLAMACPP),
    _server("lmstudio", "LM Studio", _TEXT | {"responses"}, "http://127.0.0.1:1234/v1"),
    _server("backend_ai", "Backend.AI", _TEXT),
    Row(name="openai_compatible", title="Any OpenAI-compatible server", speaks=_TEXT),
    Row(
        name="anthropic_compatible",
        title="Any Messages-compatible server",
        speaks=frozenset({"messages"}),
        auth="x-api-key",
    ),
    Row(
        name="simulated",
        title="The built-in simulated upstream",
        speaks=_OPENAI | _MESSAGES | {"rerank"},
        auth="bearer+x-api-key",
        zone="internal",
    ),
    Row(
        name="litellm", title="Everything else, through litellm", speaks=frozenset({"chat", "embeddings"}), library=True
    ),
)

PROVIDERS: Final[dict[str, Row]] = {row.name: row for row in _ROWS}

VARIABLES: Final[dict[str, str]] = {row.name: row.variable for row in _ROWS if row.variable and row.base_url}
"""Vendors that are switched on by their variable alone."""


def row_of(name: str, provider: Provider) -> Row:
    """The row of a configured provider: what it says, else its own name, else any OpenAI-compatible server."""
    return PROVIDERS[provider.kind or (name if name in PROVIDERS else "openai_compatible")]
