"""What an answer costs, in whole nano-dollars, and the price list that a target without prices of its own is looked up in."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Struct

from gateway.config.structs import Prices
from gateway.wire.neutral import Usage

_PICO_PER_MICRO: Final = 1_000_000
_PICO_PER_NANO: Final = 1_000


def cost(usage: Usage, prices: Prices) -> int:
    """Nano-dollars. Cached and cache-written tokens are part of the input and priced apart; each price is kept to a
    pico-dollar per token and the sum is rounded once, so that the same usage always costs the same.
    """
    written = min(usage.cache_write_tokens, usage.input_tokens)
    cached = min(usage.cached_tokens, usage.input_tokens - written)
    pico = (usage.input_tokens - cached - written) * _pico(prices.input) + usage.output_tokens * _pico(prices.output)
    if cached:
        pico += cached * _pico(prices.input if prices.cached_input is None else prices.cached_input)
    if written:
        pico += written * _pico(prices.input if prices.cache_write is None else prices.cache_write)
    return (pico + _PICO_PER_NANO // 2) // _PICO_PER_NANO


@lru_cache(maxsize=4096)
def _pico(dollars_per_million: float) -> int:
    """Dollars per million tokens are micro-dollars per token."""
    return round(dollars_per_million * _PICO_PER_MICRO)


class PriceTable(Struct, frozen=True):
    """Prices by (provider as the list names it, model)."""

    prices: Mapping[tuple[str, str], Prices]

    def find(self, kind: str, model: str) -> Prices | None:
        """`kind` is a row of our provider table. Behind `litellm` the model's own prefix names the provider."""
        if kind == "litellm":
            kind, _, model = model.partition("/")
        return self.prices.get((_NAMES.get(kind, kind), model))


def load_prices(path: Path | None) -> PriceTable:
    """Reads the price list. Without one the table is empty. A row that is no token price is left out.

    Raises OSError, and msgspec.DecodeError if the file is not a JSON object.
    """
    if path is None:
        return PriceTable(MappingProxyType({}))
    rows = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    found: dict[tuple[str, str], Prices] = {}
    for name, raw in rows.items():
        row = _row(raw)
        if row is not None and row.litellm_provider is not None and name != "sample_spec":
            provider = _family(row.litellm_provider)
            found[provider, _model(name, row.litellm_provider, provider)] = _prices(row)
    return PriceTable(MappingProxyType(found))


def find_price_list() -> Path | None:
    """The list that is packaged with litellm, if that is installed. Nothing of it is imported: that would cost seconds."""
    spec = find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "model_prices_and_context_window_backup.json"
        if path.is_file():
            return path
    return None


class _Row(Struct):
    """The fields that are needed. In dollars per token."""

    litellm_provider: str | None = None
    input_cost_per_token: float | None = None
    output_cost_per_token: float | None = None
    cache_read_input_token_cost: float | None = None
    cache_creation_input_token_cost: float | None = None


_ROW: Final = msgspec.json.Decoder(_Row)


def _row(raw: msgspec.Raw) -> _Row | None:
    try:
        row = _ROW.decode(raw)
    except msgspec.ValidationError:
        return None
    return None if row.input_cost_per_token is None and row.output_cost_per_token is None else row


def _prices(row: _Row) -> Prices:
    return Prices(
        input=_per_million(row.input_cost_per_token) or 0.0,
        output=_per_million(row.output_cost_per_token) or 0.0,
        cached_input=_per_million(row.cache_read_input_token_cost),
        cache_write=_per_million(row.cache_creation_input_token_cost),
    )


def _per_million(dollars_per_token: float | None) -> float | None:
    return None if dollars_per_token is None else round(dollars_per_token * 1e6, 6)


def _family(provider: str) -> str:
    """`vertex_ai-anthropic_models` is Vertex, `cohere_chat` is Cohere."""
    return _FAMILIES.get(provider) or next((each for each in _DIVIDED if provider.startswith(f"{each}-")), provider)


def _model(name: str, listed: str, family: str) -> str:
    for prefix in (f"{listed}/", f"{family}/"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


_DIVIDED: Final = ("vertex_ai", "fireworks_ai")  # followed by `-` and whose models they are
_FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "azure_text": "azure",
        "bedrock_converse": "bedrock",
        "cohere_chat": "cohere",
        "text-completion-codestral": "codestral",
        "text-completion-openai": "openai",
    }
)
# Rows of our provider table that the list knows under another name.
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fireworks": "fireworks_ai",
        "together": "together_ai",
        "vertex": "vertex_ai",
    }
)
