"""What a model says when it is asked for a vector is a vector of length one, or none."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.asked_model import LONGEST, AskedModel
from gateway.cache.embedder import TextRefused, Unembedded
from gateway.errors import GatewayError
from gateway.policy.behind import Behind


def asked(answer: Any, dimensions: int | None = None) -> tuple[AskedModel, list[Mapping[str, Any]]]:
    bodies: list[Mapping[str, Any]] = []

    async def ask(model: str, body: Mapping[str, Any], asker: Behind) -> dict[str, Any]:
        assert model == "vectors"
        bodies.append(body)
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found

    return AskedModel("vectors", ["tei/house/e5", "tei/barn/e5"], dimensions, ask), bodies


def rows(*vectors: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"embedding": one, "index": at} for at, one in enumerate(vectors)]}


async def test_a_vector_has_length_one_and_the_first_one_tells_how_many_numbers_they_have() -> None:
    model, bodies = asked(rows([3, 4.0]))
    assert model.id == ""
    vector = await model.vector("Is it open?", None)
    assert vector.dtype == np.float32
    assert vector.tolist() == pytest.approx([0.6, 0.8])
    assert model.id == "model:vectors-2-tei/barn/e5,tei/house/e5"
    assert bodies == [{"input": ["Is it open?"]}]


async def test_a_number_of_them_can_be_asked_for_and_is_insisted_on() -> None:
    model, bodies = asked(rows([3, 4.0]), dimensions=3)
    assert "vectors-3-" in model.id
    with pytest.raises(Unembedded, match="2 numbers instead of 3"):
        await model.vector("a", None)
    assert bodies == [{"input": ["a"], "dimensions": 3}]
    assert "vectors-3-" in model.id


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": None},
        {"data": {}},
        {"data": [{}]},
        rows(),
        rows([1.0, 2.0], [1.0, 2.0]),
        rows([]),
        rows([1.0]),
        rows([0, 0.0]),
        rows([0, 1e-200]),
        rows([1e308, 1e308]),
        rows([float("nan"), 1.0]),
        rows([float("inf"), 1.0]),
        rows(["1.0", "2.0"]),
        rows([True, False]),
        rows([None, 1.0]),
        rows([[1.0, 2.0]]),
        rows("AACAPwAAAEA="),
        rows([1.0] * 16_385),
    ],
)
async def test_what_is_no_vector_is_none(answer: Any) -> None:
    model, _ = asked(answer)
    with pytest.raises(Unembedded):
        await model.vector("a", None)
    assert model.id == "", "nothing is learned from it"


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
async def test_whatever_numbers_come_the_vector_has_length_one(numbers: list[float]) -> None:
    model, _ = asked(rows(numbers))
    try:
        vector = await model.vector("a", None)
    except Unembedded:
        assert max(map(abs, numbers)) < 1e-6
        return
    assert float(vector @ vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("code", ["policy_blocked", "context_length_exceeded", "invalid_request", "body_too_large"])
async def test_what_a_text_is_refused_for_is_told_apart_from_a_model_that_is_away(code: str) -> None:
    model, _ = asked(GatewayError(code, "no"))
    with pytest.raises(TextRefused, match=code):
        await model.vector("a", None)


@pytest.mark.parametrize("code", ["upstream_unreachable", "no_target_available", "rate_limited", "model_not_found"])
async def test_a_model_that_is_away_is_no_error(code: str) -> None:
    model, _ = asked(GatewayError(code, "no"))
    with pytest.raises(Unembedded, match=code) as raised:
        await model.vector("a", None)
    assert not isinstance(raised.value, TextRefused)


async def test_long_texts_and_half_characters_are_cut_to_what_can_be_said() -> None:
    model, bodies = asked(rows([3, 4.0]))
    await model.vector("\ud800" + "x" * 100_000, None)
    (text,) = bodies[0]["input"]
    assert len(text) == LONGEST
    msgspec.json.encode(text)


def test_those_share_a_vector_for_whom_the_same_rules_hold() -> None:
    model, _ = asked({})
    tags = [f"tag{number}" for number in range(30)]
    one = Behind(("a",), "blue", frozenset(tags), 1)
    assert model.whose(one) == model.whose(Behind(("a",), "blue", frozenset(reversed(tags)), 1))
    others = [None, Behind(("b",), "blue", frozenset(tags), 1), Behind(("a",), "red", frozenset(tags), 1), Behind(("a",), "blue", frozenset(), 1)]  # fmt: skip
    assert len({model.whose(each) for each in (one, *others)}) == 5
