"""Two customers, one answer, each with their own values in it, where a model is declared independent of them; and nowhere else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import msgspec
import pytest

from gateway.cache.ordinals import marks, slot
from gateway.cache.replay import as_frames
from gateway.cache.sealing import Sealing
from gateway.cache.slots import PART
from gateway.dialects import DIALECTS
from gateway.limits.keys import hashed
from gateway.wire.fold import fold
from gateway.wire.frames import DONE
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import PERSONAL, SECRET, SPOKEN, by_dialect, placeholders, policed, seen
from tests.support.redis_server import RedisServer, redis_server
from tests.support.simulation import Simulation
from tests.support.transcripts import steady

PATHS: Final = {"chat": "chat/completions", "messages": "messages", "responses": "responses"}
FORMS: Final = [(api, streamed) for api in SPOKEN for streamed in (False, True)]
NAMES: Final = [f"{api}-{'streamed' if streamed else 'whole'}" for api, streamed in FORMS]
ASKED: Final = "제 번호는 {KR_PHONE}이고 메일은 {EMAIL_ADDRESS}입니다. {KR_PHONE}은 언제 연락받나요?"
SYSTEM: Final = "지금 {EMAIL_ADDRESS} 고객과 이야기합니다."
TEMPLATE: Final = "{EMAIL_ADDRESS}님, {KR_PHONE}으로 곧 연락드립니다. `{KR_PHONE}`이 맞나요? 😀"


class Customer(NamedTuple):
    key: str
    values: dict[str, str]


ANN: Final = Customer("hk-ann", {"KR_PHONE": "010-9274-6183", "EMAIL_ADDRESS": "gildong.hong@corp.co.kr"})
BOB: Final = Customer("hk-bob", {"KR_PHONE": "010-3141-5926", "EMAIL_ADDRESS": "young@shop.example.com"})


class Heard(NamedTuple):
    """`cache`: its header. `frames`: all that came, decoded. `text`: what the answer says."""

    cache: str
    frames: list[Any]
    text: str
    id: str


def config(upstream: Simulation, **cache: Any) -> dict[str, object]:
    """Of each API a model that speaks only that, and `bound`, which is not declared."""
    made = by_dialect(upstream.url)
    providers: Any = made["providers"]
    models: Any = made["models"]
    models["demo"] = models["bound"] = {"targets": [{"provider": "all", "model": "demo"}]}
    providers["all"] = {"kind": "simulated", "base_url": f"{upstream.url}/v1"}
    keys = [{"name": one.key, "hash": hashed(one.key), "team": "shop"} for one in (ANN, BOB)]
    return {**made, "keys": keys, "cache": {"share": "team", "value_independent": ["demo", *SPOKEN], **cache}}


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("slots")
    with running(folder, policed(folder, config(upstream), PERSONAL)) as process:
        yield process


def body(api: str, text: str, system: str, *, streamed: bool, **more: Any) -> dict[str, Any]:
    turns: list[Any] = [{"role": "user", "content": text}]
    if api == "chat":
        options = {"stream_options": {"include_usage": True}} if streamed else {}
        return {"messages": [{"role": "system", "content": system}, *turns], "max_tokens": 900, **options, **more}
    if api == "messages":
        return {"messages": turns, "system": system, "max_tokens": 900, **more}
    return {"input": turns, "instructions": system, "max_output_tokens": 900, **more}


def ask(
    gateway: GatewayProcess, who: Customer, api: str, text: str = ASKED, *, streamed: bool = False, mode: str = "", model: str = "demo", system: str = SYSTEM, **more: Any
) -> Heard:  # fmt: skip
    """Asks about the values of this customer."""
    said = body(api, text.format(**who.values), system.format(**who.values), streamed=streamed, **more)
    headers = {"authorization": f"Bearer {who.key}", **({"x-haechi-cache": mode} if mode else {})}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=30) as client:
        answer = client.post(f"/v1/{PATHS[api]}", json={"model": model, **said, "stream": streamed})
        assert answer.status_code == 200, answer.text
        cached, own = answer.headers["x-haechi-cache"], answer.headers["x-haechi-request-id"]
        if cached == "miss":  # it is kept once it has been sent, if whoever asked stays for so long
            eventually(lambda: trail(client, own)["kept"])
    frames = as_frames(answer.content, streamed=streamed)
    dialect = DIALECTS[api]
    if streamed:
        assert dialect.stream_reader is not None
        reader = dialect.stream_reader()
        whole = fold([event for frame in frames for event in reader.feed(frame)])
    else:
        assert dialect.read_answer is not None
        whole = dialect.read_answer(frames[0].json)
    told = "".join(part.text for part in whole.choices[0].parts if hasattr(part, "text"))
    came = [steady(frame.json) for frame in frames if frame.data not in (None, DONE)]
    return Heard(cached, came, told, own)


def unused(value: Any) -> Any:
    """Without what it used: an answer given again tells what it used when it was asked for, by another API's count."""
    if isinstance(value, dict):
        return {name: unused(held) for name, held in value.items() if name != "usage"}
    return [unused(one) for one in value] if isinstance(value, list) else value


def taught(simulation: Simulation, gateway: GatewayProcess, who: Customer) -> dict[str, str]:
    """The placeholders of a customer, by label: what the model gets to see."""
    simulation.reset()
    ask(gateway, who, "chat", mode="bypass")
    found = placeholders(seen(simulation)[0])
    assert found.keys() == who.values.keys()
    return found


def answering(simulation: Simulation, known: dict[str, str], template: str = TEMPLATE, **more: Any) -> None:
    """From now on the model says this about whoever has these placeholders, in pieces that hold none whole."""
    simulation.reset()
    simulation.misbehave({"chunks": cut(template.format(**known)), **more})


def cut(text: str) -> list[str]:
    pieces, width = [], cycle((3, 1, 4, 2))
    while text:
        size = next(width)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@pytest.mark.parametrize(("to", "then"), FORMS, ids=[f"to-{name}" for name in NAMES])
@pytest.mark.parametrize(("api", "streamed"), FORMS, ids=NAMES)
def test_another_customer_gets_what_the_model_would_have_said_to_them(
    gateway: GatewayProcess, simulation: Simulation, api: str, streamed: bool, to: str, then: bool
) -> None:
    text = f"{ASKED} {api} {streamed} {to} {then}"
    ann, bob = taught(simulation, gateway, ANN), taught(simulation, gateway, BOB)
    assert not {*ann.values()} & {*bob.values()}
    answering(simulation, ann)
    first = ask(gateway, ANN, api, text, streamed=streamed, model=api)
    given = ask(gateway, BOB, to, text, streamed=then, model=api)
    assert len(simulation.requests()) == 1
    answering(simulation, bob)
    live = ask(gateway, BOB, to, text, streamed=then, model=api, mode="bypass")
    assert (first.cache, given.cache, live.cache) == ("miss", "hit", "bypass")
    assert first.text == TEMPLATE.format(**ANN.values)
    assert given.text == live.text == TEMPLATE.format(**BOB.values)
    if then == streamed:
        assert unused(given.frames) == unused(live.frames)
    again = ask(gateway, ANN, to, text, streamed=then, model=api)
    assert (again.cache, again.text) == ("hit", first.text)


@pytest.mark.parametrize(("api", "streamed"), FORMS, ids=NAMES)
def test_of_a_model_that_is_not_declared_two_customers_share_nothing(
    gateway: GatewayProcess, simulation: Simulation, api: str, streamed: bool
) -> None:
    text = f"{ASKED} {api} {streamed}"
    answering(simulation, taught(simulation, gateway, ANN))
    heard = [ask(gateway, who, api, text, streamed=streamed, model="bound").cache for who in (ANN, BOB, ANN, BOB)]
    assert heard == ["miss", "miss", "hit", "hit"]
    assert len(simulation.requests()) == 2


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda one: one.replace(one[-6:-1], one[-6:-1][::-1] + "a"), id="other-letters"),
        pytest.param(lambda one: one[:-3] + ">", id="too-short"),
        pytest.param(str.upper, id="capitals"),
        pytest.param(lambda one: f"{one[:-12]}_1>", id="renumbered"),
        pytest.param(lambda one: f"<{one[1:-12]}_aaaaaaaaaa>", id="made-up"),
        pytest.param(lambda one: f"<{one[1:-12]}_{slot(0)}>", id="a-slot"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_answer_with_a_damaged_placeholder_is_not_kept(
    gateway: GatewayProcess, simulation: Simulation, streamed: bool, spoilt: Any, request: pytest.FixtureRequest
) -> None:
    text = f"{ASKED} {request.node.name}"
    known = taught(simulation, gateway, ANN)
    answering(simulation, known, "{KR_PHONE}, " + spoilt(known["KR_PHONE"]))
    heard = [ask(gateway, ANN, "chat", text, streamed=streamed).cache for _ in range(2)]
    assert heard == ["miss", "miss"]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("more", [{"n": 2}, {"reasoning_effort": "low"}], ids=["two-choices", "reasoning"])
def test_every_lane_has_the_values_of_who_asks(
    gateway: GatewayProcess, simulation: Simulation, streamed: bool, more: dict[str, Any]
) -> None:
    """Reasoning is no place for values: there the placeholders stay, and are those of who asks."""
    ann, bob = taught(simulation, gateway, ANN), taught(simulation, gateway, BOB)
    text, thought = f"{ASKED} {' '.join(more)} {streamed}", "{KR_PHONE}은 맞나"
    answering(simulation, ann, reasoning=thought.format(**ann))
    assert ask(gateway, ANN, "chat", text, streamed=streamed, **more).cache == "miss"
    given = ask(gateway, BOB, "chat", text, streamed=streamed, **more)
    answering(simulation, bob, reasoning=thought.format(**bob))
    live = ask(gateway, BOB, "chat", text, streamed=streamed, mode="bypass", **more)
    assert (given.cache, given.frames) == ("hit", live.frames)
    assert BOB.values["KR_PHONE"] in msgspec.json.encode(given.frames).decode()


def test_a_call_under_way_is_no_other_customers(gateway: GatewayProcess, simulation: Simulation) -> None:
    """Its frames go out as they come, with the placeholders of one; who has the same values may ride along."""
    ann = taught(simulation, gateway, ANN)
    simulation.reset()
    simulation.misbehave({"chunks": cut(TEMPLATE.format(**ann)), "delay_head": 4})
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(ask, gateway, who, "chat", f"{ASKED} 함께", temperature=0) for who in (ANN, BOB, ANN)]
        heard = [one.result() for one in asked]
    assert len(simulation.requests()) == 2
    assert [heard[at].text for at in (0, 2)] == [TEMPLATE.format(**ANN.values)] * 2
    assert heard[1].text == TEMPLATE.format(**ann), "of nobody that it knows"


def test_a_long_answer_is_shared_as_well(gateway: GatewayProcess, simulation: Simulation) -> None:
    """Its slots are looked for off the event loop."""
    template = "{KR_PHONE} " + "길게 이야기합니다. " * 200 + "{EMAIL_ADDRESS}"
    answering(simulation, taught(simulation, gateway, ANN), template)
    heard = [ask(gateway, who, "chat", f"{ASKED} 길게", streamed=True, max_tokens=9000) for who in (ANN, BOB)]
    assert len(msgspec.json.encode(heard[0].frames)) > 32 * 1024
    assert [one.cache for one in heard] == ["miss", "hit"]
    assert heard[1].text == template.format(**BOB.values)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_a_caller_files_its_request_under_stays_its_own(
    gateway: GatewayProcess, simulation: Simulation, streamed: bool
) -> None:
    """The Responses API repeats it."""
    text = f"{ASKED} metadata {streamed}"
    answering(simulation, taught(simulation, gateway, ANN))
    heard = [
        ask(gateway, who, "responses", text, streamed=streamed, metadata={"case": who.key}, prompt_cache_key=who.key)
        for who in (ANN, BOB)
    ]
    assert [one.cache for one in heard] == ["miss", "hit"]
    for one, own, other in ((heard[0], ANN.key, BOB.key), (heard[1], BOB.key, ANN.key)):
        said = msgspec.json.encode(one.frames).decode()
        assert own in said
        assert other not in said


def test_signed_reasoning_is_not_kept_where_it_may_hold_placeholders(
    gateway: GatewayProcess, simulation: Simulation
) -> None:
    think: Any = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 3000}
    answering(simulation, taught(simulation, gateway, ANN), reasoning="음")
    heard = [ask(gateway, ANN, "messages", f"{ASKED} 생각", **think).cache for _ in range(2)]
    assert heard == ["miss", "miss"]


def test_a_request_that_writes_a_slot_itself_shares_with_nobody(
    gateway: GatewayProcess, simulation: Simulation
) -> None:
    """Neither does it take an answer that was kept for others, nor leave one."""
    ann = taught(simulation, gateway, ANN)
    answering(simulation, ann, "{KR_PHONE}")
    assert ask(gateway, ANN, "chat", "전화 {KR_PHONE}", system="-").cache == "miss"
    planted = {"KR_PHONE": f"<KR_PHONE_{slot(0)}>", "EMAIL_ADDRESS": "-"}
    liar = Customer(BOB.key, planted)
    assert ask(gateway, liar, "chat", "전화 {KR_PHONE}", system="-").cache == "miss"
    assert ask(gateway, BOB, "chat", "전화 {KR_PHONE}", system="-").text == BOB.values["KR_PHONE"]


def test_the_pattern_of_equal_values_is_kept(gateway: GatewayProcess, simulation: Simulation) -> None:
    """Who names one number twice asks something else than who names two."""
    answering(simulation, taught(simulation, gateway, ANN), "네")
    two = Customer(ANN.key, {**ANN.values, "other": "010-2222-3333"})
    one = Customer(BOB.key, {**BOB.values, "other": BOB.values["KR_PHONE"]})
    assert ask(gateway, two, "chat", "{KR_PHONE} = {other}?", system="-").cache == "miss"
    assert ask(gateway, one, "chat", "{KR_PHONE} = {other}?", system="-").cache == "miss"
    assert ask(gateway, two, "chat", "{other} = {KR_PHONE}?", system="-").cache == "hit"
    swapped = Customer(ANN.key, {**ANN.values, "other": ANN.values["EMAIL_ADDRESS"]})
    assert ask(gateway, swapped, "chat", "{KR_PHONE} = {other}?", system="-").cache == "miss", "another kind"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def test_replicas_share_slots_and_redis_holds_nothing_of_anybody(
    upstream: Simulation, simulation: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    made = {**config(upstream, backend="redis", wait_ms=5000), "redis": {"url": redis.url, "timeout_ms": 5000}}
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with (
        running(folders[0], policed(folders[0], made, PERSONAL)) as one,
        running(folders[1], policed(folders[1], made, PERSONAL)) as other,
    ):
        ann, bob = taught(simulation, one, ANN), taught(simulation, one, BOB)
        answering(simulation, ann)
        for api, streamed in FORMS:
            text = f"{ASKED} {api} {streamed}"
            assert ask(one, ANN, api, text, streamed=streamed).cache == "miss"
            given = ask(other, BOB, api, text, streamed=streamed)
            assert (given.cache, given.text) == ("hit", TEMPLATE.format(**BOB.values))
        held = _everything(redis)
    assert held.count(marks(0)[0].encode()) >= len(FORMS), "slots stand there"
    for value in (*ANN.values.values(), *BOB.values.values()):
        assert value.encode() not in held
    for known in (*ann.values(), *bob.values()):
        code = known[-11:-1]
        for at in range(len(code) - PART + 1):
            assert code[at : at + PART].encode() not in held


def _everything(redis: RedisServer) -> bytes:
    """As it stands there, and the entries as they are before they are encrypted."""
    sealing = Sealing([SECRET.encode()])
    with redis.client() as client:
        found = [client.dump(key) for key in client.scan_iter()]
        entries = [
            (bytes.fromhex(key.rpartition(b":")[2].decode()), client.get(key)) for key in client.scan_iter("*cache:e:*")
        ]
    opened = [sealing.opened(key, stored) for key, stored in entries]
    assert None not in opened
    return b"".join([one for one in (*found, *opened) if one is not None])


def test_explain_and_stats_tell_of_slots(gateway: GatewayProcess, simulation: Simulation) -> None:
    answering(simulation, taught(simulation, gateway, ANN))
    first = ask(gateway, ANN, "chat", f"{ASKED} 설명")
    given = ask(gateway, BOB, "chat", f"{ASKED} 설명")
    bound = ask(gateway, BOB, "chat", f"{ASKED} 설명", model="bound")
    trails = [_told(gateway, BOB if one is not first else ANN, one.id) for one in (first, given, bound)]
    assert [one["slots"] for one in trails] == [2, 2, 0]
    assert trails[0]["entry"] == trails[1]["entry"]
    answering(simulation, taught(simulation, gateway, ANN), "<KR_PHONE_1>")
    refused = ask(gateway, ANN, "chat", f"{ASKED} 이상한 답")
    assert _told(gateway, ANN, refused.id)["kept"] == "not_slots"


def _told(gateway: GatewayProcess, who: Customer, request_id: str) -> dict[str, Any]:
    with httpx.Client(base_url=gateway.url, headers={"authorization": f"Bearer {who.key}"}, timeout=60) as client:
        return trail(client, request_id)


def trail(client: httpx.Client, request_id: str) -> dict[str, Any]:
    answer = client.get(f"/haechi/cache/requests/{request_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = msgspec.json.decode(answer.content)
    return found
