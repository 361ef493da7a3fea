"""A part of the benchmark is chosen by naming contenders, parts, or both."""

import pytest

from tests.bench.contenders import LIGHT, NAMES, PARTS, chosen


def test_of_the_kind_that_is_not_named_all_take_part() -> None:
    assert chosen("first_token,idle") == (list(NAMES), ["first_token", "idle"])
    assert chosen("nginx,haechi") == (["direct", "nginx", "haechi"], PARTS)


def test_direct_comes_along_where_something_is_compared_with_it() -> None:
    assert chosen("haechi,unary")[0] == ["direct", "haechi"]
    assert chosen("haechi,large")[0] == ["haechi"]


@pytest.mark.parametrize("only", ["haechi,frist_token", "", "haechi, bare"])
def test_a_word_that_is_neither_is_refused(only: str) -> None:
    with pytest.raises(ValueError, match="neither a contender nor a part"):
        chosen(only)


def test_the_light_ones_need_nothing_installed() -> None:
    assert {"litellm", "portkey"}.isdisjoint(LIGHT)
    assert "haechi" in LIGHT
