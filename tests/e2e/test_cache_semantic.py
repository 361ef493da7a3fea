"""Like questions, with a scripted model: a class begins in shadow, earns its certificate by reviews, and loses it."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import Certificate
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.structs import Config, Model, Provider, Target
from gateway.trying.calling import Called, called
from tests.support.simulation import Simulation

CITIES: Final = [f"{first}{second}" for first in ("Bal", "Kor", "Min", "Tar", "Ves", "Zul", "Pen", "Rod", "Sil", "Lum", "Gor", "Dan", "Fel", "Hav", "Jor", "Nim", "Qua", "Wes", "Yar", "Mol", "Cer", "Bri", "Thal", "Ost", "Ulm", "Kap", "Ler", "Mav", "Nov", "Pol", "Ras", "Sov", "Tev", "Urb", "Vol", "Wil", "Xan", "Yel", "Zor", "Ard")
          for second in ("anda", "ovia", "istan", "oria", "esia", "unda", "avia", "eria", "onia", "inia", "alia", "umbra", "andor", "ethia", "ishar", "orland", "emark", "ador", "iria", "otho")]  # fmt: skip


def config(upstream: Simulation, **more: Any) -> Config:
    declared: dict[str, Any] = {"temperature": 1.0, "one_caller": 1.0, "audit": 0.5, **more}
    return Config(
        providers={"simulated": Provider(base_url=f"{upstream.url}/v1")},
        models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
        cache=Cache(semantic=Semantic(classes={"capitals": CacheClass(**declared)}, deadline_ms=30_000)),
    )


@pytest.fixture
async def gateway(simulation: Simulation) -> AsyncIterator[Gateway]:
    made = await start(config(simulation))
    try:
        yield made
    finally:
        await made.close()


async def ask(gateway: Gateway, text: str, **more: Any) -> Called:
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}], **more})
    answer = await called(gateway.app, "/v1/chat/completions", body, {"content-type": "application/json"}, "POST")
    assert answer.status == 200, answer.body
    return answer


def cached(answer: Called) -> str:
    return dict(answer.headers)[b"x-haechi-cache"].decode()


async def settled(gateway: Gateway) -> None:
    """When all reviews are done."""
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    await cache.semantic.drain()


async def pairs(gateway: Gateway, cities: list[str]) -> list[str]:
    """What the cache did for a question that is like one asked before, city by city."""
    seen: list[str] = []
    for city in cities:
        await ask(gateway, f"What is the capital of {city}?")
        seen.append(cached(await ask(gateway, f"Please tell me what the capital of {city} is.")))
        await settled(gateway)
        if len(seen) > 1 and seen[-1] == "semantic" and seen[-2] != "semantic" and "semantic" not in seen[:-1]:
            break
    return seen


async def test_a_class_begins_in_shadow_is_certified_by_clean_reviews_and_loses_it_to_wrong_ones(
    gateway: Gateway, simulation: Simulation
) -> None:
    simulation.play({"models": {"demo": {"steps": [{"answer": "It lies on the river."}], "then": "repeat"}}})
    seen = await pairs(gateway, CITIES)
    assert set(seen[:-1]) <= {"shadow", "miss"}
    assert 350 < seen.count("shadow") < 750
    assert seen[-1] == "semantic", "certified"
    # From now on one answer in ten is another one.
    right, wrong = {"answer": "It lies on the river."}, {"answer": "Nobody knows where 42 lies."}
    simulation.play({"models": {"demo": {"steps": [*[right] * 9, wrong] * 200, "then": "normal"}}})
    later: list[str] = []
    for city in CITIES[len(seen) :]:
        await ask(gateway, f"What is the capital of {city}?")
        later.append(cached(await ask(gateway, f"Please tell me what the capital of {city} is.")))
        await settled(gateway)
        if later[-12:] == ["shadow"] * 12:
            break
    assert "semantic" in later
    assert later[-12:] == ["shadow"] * 12, "withdrawn"
    assert len(later) < 350


async def certify(gateway: Gateway, **declared: Any) -> None:
    """Writes the books as if the class had earned its certificate."""
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    one = CacheClass(temperature=1.0, one_caller=1.0, audit=0.5, **declared)
    of = subject_of(one, cache.semantic._embedder.id)
    book = Book(certificate=Certificate(certified=[0, 1, 2, 3, 4, 5]), of=of)
    assert await cache.store.save("class:capitals", msgspec.json.encode(book), None)


ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."


async def like(gateway: Gateway, text: str = LIKE, **more: Any) -> Called:
    """The question again and again until it is no audit."""
    for _ in range(40):
        answer = await ask(gateway, text, **more)
        if cached(answer) == "semantic":
            return answer
        cache = gateway.gate.pipeline.setup.cache
        assert cache is not None
        await settled(gateway)
        await cache.store.next_epoch("all")
        await ask(gateway, ASKED, **more)
    raise AssertionError("never given")


async def test_an_answer_is_given_to_a_like_question_in_every_form(gateway: Gateway, simulation: Simulation) -> None:
    await certify(gateway)
    await ask(gateway, ASKED)
    given = await like(gateway)
    headers = dict(given.headers)
    assert float(headers[b"x-haechi-cache-similarity"]) > 0.8
    assert msgspec.json.decode(given.body)["choices"][0]["message"]["content"] == f"You said: {ASKED}"


async def test_a_complaint_parts_the_two_questions_for_good(gateway: Gateway, simulation: Simulation) -> None:
    await certify(gateway)
    await ask(gateway, ASKED)
    given = await like(gateway)
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    request_id = dict(given.headers)[b"x-haechi-request-id"].decode()
    assert not await cache.complain(request_id, "somebody else")
    assert await cache.complain(request_id, "local")
    assert not await cache.complain(request_id, "local"), "once"
    await cache.store.next_epoch("all")
    await ask(gateway, ASKED)
    assert {cached(await ask(gateway, LIKE)) for _ in range(1)} == {"miss"}


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        ("What is the capital of Ruritania?", "What is the capital of Syldavia?"),
        ("Is it safe to mix these two?", "Is it not safe to mix these two?"),
        ("12 곱하기 13은 얼마야", "12 곱하기 14는 얼마야"),
        ("프랑스의 수도는 어디인가요?", "스페인의 수도는 어디인가요?"),
        ("환불이 안 되나요?", "환불이 되나요?"),
    ],
)
async def test_traps_are_not_answered_from_the_cache(gateway: Gateway, asked: str, other: str) -> None:
    await certify(gateway)
    await ask(gateway, asked)
    assert cached(await ask(gateway, other)) == "miss"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}], "n": 2}, LIKE),
        ({"logprobs": True}, LIKE),
        ({"temperature": 1.5}, LIKE),
        ({}, "What is the weather in the capital of Ruritania today?"),
    ],
)
async def test_what_samples_or_depends_on_the_day_is_asked(gateway: Gateway, more: dict[str, Any], text: str) -> None:
    await certify(gateway)
    await ask(gateway, text.replace("Please tell me what", "What is"), **more)
    assert cached(await ask(gateway, text + " ", **more)) == "miss"
