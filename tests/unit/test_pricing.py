from pathlib import Path

import msgspec
import pytest

from gateway.config.structs import Prices
from gateway.limits.pricing import PriceTable, cost, find_price_list, load_prices
from gateway.wire.neutral import Usage


def table(tmp_path: Path, rows: dict[str, object]) -> PriceTable:
    path = tmp_path / "prices.json"
    path.write_bytes(msgspec.json.encode(rows))
    return load_prices(path)


def test_dollars_per_million_tokens_become_nano_dollars() -> None:
    assert cost(Usage(input_tokens=1_000_000, output_tokens=1_000_000), Prices(input=2.5, output=10)) == 12_500_000_000
    assert cost(Usage(input_tokens=1), Prices(input=0.075)) == 75


def test_cached_and_written_tokens_are_part_of_the_input_and_priced_apart() -> None:
    usage = Usage(input_tokens=1000, cached_tokens=600, cache_write_tokens=300, output_tokens=10)
    prices = Prices(input=3, output=15, cached_input=0.3, cache_write=3.75)
    assert cost(usage, prices) == 100 * 3000 + 600 * 300 + 300 * 3750 + 10 * 15_000


def test_without_a_price_of_their_own_they_cost_what_input_costs() -> None:
    usage = Usage(input_tokens=1000, cached_tokens=600, cache_write_tokens=300)
    assert cost(usage, Prices(input=3)) == 3_000_000


def test_a_cached_price_of_zero_is_a_price() -> None:
    assert cost(Usage(input_tokens=10, cached_tokens=10), Prices(input=3, cached_input=0)) == 0


def test_counts_that_contradict_each_other_never_cost_less_than_nothing() -> None:
    usage = Usage(input_tokens=10, cached_tokens=50, cache_write_tokens=50)
    assert cost(usage, Prices(input=100, cached_input=1, cache_write=1)) == 10_000


def test_the_sum_is_rounded_once() -> None:
    tiny = Prices(input=0.0004, output=0.0004)  # 0.4 nano-dollars a token
    assert cost(Usage(input_tokens=1, output_tokens=1), tiny) == 1


def test_reasoning_is_already_in_the_output() -> None:
    assert cost(Usage(output_tokens=10, reasoning_tokens=9), Prices(output=1)) == 10_000


def test_a_row_becomes_prices_per_million_under_its_provider_and_plain_model(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        {
            "plain": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
            "groq/openai/oss": {"litellm_provider": "groq", "input_cost_per_token": 1.5e-07},
            "vertex_ai/x": {"litellm_provider": "vertex_ai-mistral_models", "input_cost_per_token": 1e-06},
            "together_ai/y": {"litellm_provider": "together_ai", "input_cost_per_token": 1e-06},
        },
    )
    assert found.find("openai", "plain") == Prices(input=2.5, output=10)
    assert found.find("groq", "openai/oss") == Prices(input=0.15)
    assert found.find("vertex", "x") is not None
    assert found.find("together", "y") is not None
    assert found.find("groq", "plain") is None


def test_behind_litellm_the_models_prefix_names_the_provider(tmp_path: Path) -> None:
    found = table(tmp_path, {"gemini/g": {"litellm_provider": "gemini", "input_cost_per_token": 1e-06}})
    assert found.find("litellm", "gemini/g") == Prices(input=1)
    assert found.find("openrouter", "gemini/g") is None  # another seller, another price


def test_what_is_no_token_price_is_left_out(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        {
            "picture": {"litellm_provider": "openai", "output_cost_per_image": 0.04},
            "odd": {"litellm_provider": "openai", "input_cost_per_token": "a lot"},
            "sample_spec": {"litellm_provider": "openai", "input_cost_per_token": 0},
            "nobody's": {"input_cost_per_token": 1e-06},
        },
    )
    assert dict(found.prices) == {}


def test_without_a_list_the_table_is_empty() -> None:
    assert load_prices(None).find("openai", "gpt-4o") is None


def test_a_list_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text("oops")
    with pytest.raises(msgspec.DecodeError):
        load_prices(path)


def test_the_packaged_list_is_read_without_importing_its_package() -> None:
    path = find_price_list()
    assert path is not None, "the development environment has the extra `providers`"
    found = load_prices(path)
    gpt = found.find("openai", "gpt-4o")
    assert gpt is not None
    assert gpt.output > gpt.input > 0
    assert found.find("anthropic", "claude-sonnet-4-5") is not None
