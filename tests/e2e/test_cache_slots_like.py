"""Slots and like questions: two customers meet where words and ordinals agree. And what stands in the memory of one gateway."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.app import Gateway, read_config, start
from gateway.cache import entry as kept
from gateway.cache.answers import Answers
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import THRESHOLDS, Certificate
from gateway.cache.memory import Memory
from gateway.cache.ordinals import marks, slot
from gateway.cache.slots import PART
from gateway.cache.stats import stats_of, told
from gateway.config.cache import CacheClass
from gateway.limits.keys import hashed
from gateway.trying.calling import Called, called
from tests.support.policed import PERSONAL, SECRET, placeholders, policed, seen
from tests.support.simulation import Simulation

NEVER: Final = 1e-9
CLASS: Final[dict[str, Any]] = {"temperature": 1.0, "one_caller": 1.0, "audit": NEVER, "review": NEVER}
ANN: Final = ("hk-ann", "010-9274-6183", "010-2222-7777")
BOB: Final = ("hk-bob", "010-3141-5926", "010-8888-3333")
SYSTEM: Final = "The customer has the numbers {0} and {1}."
ENGLISH: Final = ("What is the region of {0}?", "Please explain what the region of {0} is.")
KOREAN: Final = ("{0} 번호의 지역은 어디인가요?", "{0} 번호의 지역이 어디인지 알려 주세요.")

Customer = tuple[str, str, str]


@pytest.fixture
async def gateway(simulation: Simulation, tmp_path: Path) -> AsyncIterator[Gateway]:
    pytest.importorskip("wordllama")
    config = {
        "secret": SECRET,
        "keys": [{"name": one, "hash": hashed(one)} for one, *_ in (ANN, BOB)],
        "providers": {"sim": {"kind": "simulated", "base_url": f"{simulation.url}/v1"}},
        "models": {"demo": {"targets": [{"provider": "sim", "model": "demo"}]}},
        "cache": {
            "share": "global",
            "value_independent": ["de*"],
            "semantic": {"classes": {"regions": CLASS}, "deadline_ms": 1000},
        },
    }
    read = read_config(policed(tmp_path, config, PERSONAL), {})
    made = await start(read.config, read.policies)
    try:
        await certify(made)
        yield made
    finally:
        await made.close()


def cache_of(gateway: Gateway) -> Answers:
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    return cache


async def certify(gateway: Gateway) -> None:
    """As if the class had been reviewed long enough, down to the loosest threshold."""
    cache = cache_of(gateway)
    assert cache.semantic is not None
    of = subject_of(CacheClass(**CLASS), cache.semantic._embedder.id)
    book = Book(certificate=Certificate(certified=[len(THRESHOLDS) - 1]), of=of)
    assert await cache.store.save("class:regions", msgspec.json.encode(book), None)


async def ask(gateway: Gateway, who: Customer, text: str, mode: str = "") -> tuple[str, str]:
    """What the cache did, and what the answer says."""
    key, *values = who
    turns = [{"role": "system", "content": SYSTEM.format(*values)}, {"role": "user", "content": text.format(*values)}]
    headers = {"authorization": f"Bearer {key}", **({"x-haechi-cache": mode} if mode else {})}
    body = msgspec.json.encode({"model": "demo", "messages": turns})
    answer: Called = await called(gateway.app, "/v1/chat/completions", body, headers)
    assert answer.status == 200, answer.body
    said = msgspec.json.decode(answer.body)["choices"][0]["message"]["content"]
    return dict(answer.headers)[b"x-haechi-cache"].decode(), said


async def answering(gateway: Gateway, simulation: Simulation, who: Customer, template: str) -> list[str]:
    """From now on the model says this to whoever has these values. Their placeholders."""
    simulation.reset()
    for value in who[1:]:
        await ask(gateway, (who[0], value, value), "?", "bypass")
    found = [placeholders(one)["KR_PHONE"] for one in seen(simulation)]
    simulation.misbehave({"answer": template.format(*found)})
    simulation.clear()
    return found


@pytest.mark.parametrize(("first", "like"), [ENGLISH, KOREAN], ids=["english", "korean"])
async def test_two_customers_meet_in_like_questions(
    gateway: Gateway, simulation: Simulation, first: str, like: str
) -> None:
    await answering(gateway, simulation, ANN, "{0}: L, {1}: no")
    assert await ask(gateway, ANN, first) == ("miss", f"{ANN[1]}: L, {ANN[2]}: no")
    assert await ask(gateway, BOB, like) == ("semantic", f"{BOB[1]}: L, {BOB[2]}: no")
    assert len(simulation.requests()) == 1


@pytest.mark.parametrize(("first", "like"), [ENGLISH, KOREAN], ids=["english", "korean"])
async def test_other_ordinals_are_other_names(gateway: Gateway, simulation: Simulation, first: str, like: str) -> None:
    """The system prompt names both numbers; the questions are about the first and the second."""
    await answering(gateway, simulation, ANN, "{0}: L")
    assert (await ask(gateway, ANN, first))[0] == "miss"
    other = like.replace("{0}", "{1}")
    assert [(await ask(gateway, who, other))[0] for who in (ANN, BOB)] == ["miss", "hit"]


async def test_memory_holds_nothing_of_anybody(gateway: Gateway, simulation: Simulation) -> None:
    found = await answering(gateway, simulation, ANN, "{0}: L, {1}: no")
    await ask(gateway, ANN, ENGLISH[0])
    store = cache_of(gateway).store
    assert isinstance(store, Memory)
    held = b"".join([one.value for one in store._held.values()])
    assert slot(0).encode() in held, "in the question"
    assert marks(0).encode() in held, "in the answer"
    for code in (one[-11:-1] for one in found):
        assert not any(code[at : at + PART].encode() in held for at in range(len(code) - PART + 1))
    assert not any(value.encode() in held for value in ANN)


async def test_a_slot_that_the_request_has_no_value_for_is_a_miss(gateway: Gateway, simulation: Simulation) -> None:
    """Nothing of ours writes one; an entry may have been damaged."""
    await answering(gateway, simulation, ANN, "{0}: L")
    await ask(gateway, ANN, ENGLISH[0])
    store = cache_of(gateway).store
    assert isinstance(store, Memory)
    (held,) = store._held.values()
    entry = kept.decode(held.value)
    assert entry is not None
    held.value = kept.encode(
        msgspec.structs.replace(entry, raw=entry.raw.replace(marks(0).encode(), marks(7).encode()))
    )
    await answering(gateway, simulation, BOB, "{0}: XL")
    for question, why in ((ENGLISH[1], "new"), (ENGLISH[0], "slots")):
        assert await ask(gateway, BOB, question) == ("miss", f"{BOB[1]}: XL")
        trail = cache_of(gateway).trails.all()[-1]
        assert (trail.why, trail.like_why) == (why, "slots")
    assert await ask(gateway, ANN, ENGLISH[0]) == ("hit", f"{ANN[1]}: XL"), "a sound one has taken its place"


async def test_stats_count_requests_with_ordinals(gateway: Gateway, simulation: Simulation) -> None:
    await answering(gateway, simulation, ANN, "{0}: L")
    for who in (ANN, BOB, BOB):
        await ask(gateway, who, ENGLISH[0])
    stats = await stats_of(cache_of(gateway))
    assert stats.slotted == {"hit": 2, "miss": 1}
    assert "requests with ordinals for values (`value_independent`): 2 hit, 1 miss" in list(told(stats))
