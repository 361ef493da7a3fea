"""Personal data in conversations with tools, over two replicas: callers see values, the model sees placeholders."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from openai import OpenAI

from tests.support.callers import CALLERS, said, tool_turns
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import PERSONAL, SECRET, SPOKEN, by_dialect, placeholders, policed, seen
from tests.support.simulation import Simulation

PAIRS: Final = [(caller, model) for caller in SPOKEN for model in SPOKEN]
STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])

PHONE: Final = "010-9274-6183"
EMAIL: Final = "gildong.hong@corp.co.kr"
ADDRESS: Final = "서울특별시 강남구 테헤란로 427"
VALUES: Final = {"KR_PHONE": PHONE, "EMAIL_ADDRESS": EMAIL, "KR_ADDRESS": ADDRESS}
ASKED: Final = f"제 번호는 {PHONE}이고 메일은 {EMAIL}입니다. 집은 {ADDRESS}이에요. weather 도구로 확인해 주세요."


@pytest.fixture(scope="module")
def replicas(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[GatewayProcess]]:
    """Two gateways that have nothing in common but their configuration; each says in a header which one it is."""

    def config(name: str) -> dict[str, object]:
        made = by_dialect(upstream.url)
        providers: Any = made["providers"]
        made["providers"] = {key: {**one, "headers": {"x-replica": name}} for key, one in providers.items()}
        return made

    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    with (
        running(one, policed(one, config("one"), PERSONAL)) as first,
        running(other, policed(other, config("other"), PERSONAL)) as second,
    ):
        yield [first, second]


@STREAMED
@pytest.mark.parametrize(("caller", "model"), PAIRS)
def test_three_turns_with_a_tool_over_two_replicas_show_the_model_placeholders_and_the_caller_values(
    replicas: list[GatewayProcess], simulation: Simulation, caller: str, model: str, streamed: bool
) -> None:
    known = _known(replicas[0], simulation, caller, model)
    phone, email, address = (known[label] for label in VALUES)
    simulation.misbehave(
        {"chunks": _cut(f"{email}로 알아볼게요. "), "tool_calls": [_call(f"{phone} / {address}")]},
        {"chunks": _cut(f"{phone}은 됐고, "), "tool_calls": [_call(f'"{email}"\n{phone}')]},
        {"chunks": _cut(f"끝: {phone}으로, {email}에게, {address}에서 연락드립니다. {phone}")},
    )
    turn = cycle(replicas)
    ask = CALLERS[caller].ask

    def next_answer(turns: list[Any]) -> Any:
        return ask(next(turn), model, turns, tools=["weather"], streamed=streamed)

    turns = said(ASKED)
    first = next_answer(turns)
    assert first.text == f"{EMAIL}로 알아볼게요. "
    assert _cities(first) == [f"{PHONE} / {ADDRESS}"]
    assert first.finish == "tool_calls"

    turns += tool_turns(caller, [(first.ids[0], _cities(first)[0], f"{PHONE} 확인, 주소 {ADDRESS}")])
    second = next_answer(turns)
    assert second.text == f"{PHONE}은 됐고, "
    assert _cities(second) == [f'"{EMAIL}"\n{PHONE}']

    turns += tool_turns(caller, [(second.ids[0], _cities(second)[0], f"{EMAIL}에는 없음")])
    third = next_answer(turns)
    assert third.text == f"끝: {PHONE}으로, {EMAIL}에게, {ADDRESS}에서 연락드립니다. {PHONE}"
    assert third.finish == "stop"
    if streamed:
        assert third.pieces > 10, "the answer was held back until its end"

    arrived = simulation.requests()
    assert [one["headers"]["x-replica"] for one in arrived] == ["one", "other", "one"]
    for one in seen(simulation):
        assert placeholders(one) == known
        assert not [label for label, value in VALUES.items() if _inside(value, one)]
    # Each of the caller's texts is there as often as it was said.
    whole = seen(simulation)[-1]
    assert [whole.count(one) for one in (phone, email, address)] == [4, 3, 3]


@STREAMED
def test_every_choice_gets_the_values_back(
    replicas: list[GatewayProcess], simulation: Simulation, streamed: bool
) -> None:
    known = _known(replicas[1], simulation, "chat", "chat")
    phone, email, _ = (known[label] for label in VALUES)
    simulation.misbehave({"chunks": _cut(f"{phone}과 {email}"), "tool_calls": [_call(f"{phone}")]})
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    asked: Any = {"model": "chat", "messages": said(ASKED), "n": 2, "tools": tools, "stream": streamed}
    texts, arguments = ["", ""], ["", ""]
    with OpenAI(base_url=replicas[0].v1, api_key="any", max_retries=0) as client:
        answer: Any = client.chat.completions.create(**asked)
        for choice in [one for chunk in answer for one in chunk.choices] if streamed else answer.choices:
            message = choice.delta if streamed else choice.message
            texts[choice.index] += message.content or ""
            arguments[choice.index] += "".join(call.function.arguments for call in message.tool_calls or [])
    assert texts == [f"{PHONE}과 {EMAIL}"] * 2
    assert [msgspec.json.decode(one) for one in arguments] == [{"city": PHONE}] * 2
    assert placeholders(seen(simulation)[0]) == known


@STREAMED
@pytest.mark.parametrize("model", SPOKEN)
def test_what_a_model_makes_of_placeholders_is_read_as_it_was_meant(
    replicas: list[GatewayProcess], simulation: Simulation, model: str, streamed: bool
) -> None:
    known = _known(replicas[0], simulation, "chat", model)
    phone, email = known["KR_PHONE"], known["EMAIL_ADDRESS"]
    bare = email.strip("<>")
    said_by_model = f"`{phone.lower()}`, **{bare}**, {phone.replace('<', '&lt;').replace('>', '&gt;')}입니다"
    other = phone[:-2] + ("a" if phone[-2] != "a" else "b") + ">"
    simulation.misbehave({"chunks": _cut(f"{said_by_model} {other}")})
    answer = CALLERS["chat"].ask(replicas[1], model, said(ASKED), streamed=streamed)
    assert answer.text == f"`{PHONE}`, **{EMAIL}**, {PHONE}입니다 {other}"


@pytest.mark.parametrize("caller", SPOKEN)
def test_a_value_that_its_context_gives_away_is_hidden_where_the_context_is_missing(
    replicas: list[GatewayProcess], simulation: Simulation, caller: str
) -> None:
    account = "110-482-739165"
    ask = CALLERS[caller].ask
    turns = tool_turns(caller, [("call_1", account, f'{{"found": "{account}"}}')])
    ask(replicas[0], caller, [*said("찾아 주세요"), *turns], tools=["weather"])
    ask(replicas[1], caller, [*said(f"신한은행 계좌 {account}"), *turns], tools=["weather"])
    plain, hidden = seen(simulation)
    assert plain.count(account) == 2, "nothing says what it is"
    assert account not in hidden
    assert hidden.count(placeholders(hidden)["KR_BANK_ACCOUNT"]) == 3


def test_another_end_user_has_other_placeholders(replicas: list[GatewayProcess], simulation: Simulation) -> None:
    for user in ("one", "other", "one"):
        CALLERS["chat"].ask(replicas[0], "chat", said(ASKED), user=user)
    one, other, again = map(placeholders, seen(simulation))
    assert one == again
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_placeholders_of_a_secret_that_was_replaced_are_still_read(
    replicas: list[GatewayProcess], upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    """A caller's history has an answer of before the change, in which a placeholder had stayed (for where it stood, say)."""
    before = _known(replicas[0], simulation, "chat", "chat")["KR_PHONE"]
    told: Any = [*said("Was?"), {"role": "assistant", "content": f"`https://x.example/?q={before}`"}, *said(ASKED)]
    answers = {}
    for name, others in (("kept", [SECRET]), ("dropped", [])):
        folder = tmp_path / name
        folder.mkdir()
        config = by_dialect(upstream.url, secret="the next secret", other_secrets=others)
        with running(folder, policed(folder, config, PERSONAL)) as gateway:
            after = _known(gateway, simulation, "chat", "chat")["KR_PHONE"]
            simulation.misbehave({"chunks": _cut(f"{before} = {after}")})
            answers[name] = CALLERS["chat"].ask(gateway, "chat", told, streamed=True).text
        assert after != before, "what is new is made with the first secret"
        assert before in seen(simulation)[0], "a placeholder is handed on as it is, whoever made it"
        simulation.clear()
    assert answers == {"kept": f"{PHONE} = {PHONE}", "dropped": f"{before} = {PHONE}"}


def _known(gateway: GatewayProcess, simulation: Simulation, caller: str, model: str) -> dict[str, str]:
    """The placeholders that this conversation has, by kind: learnt by asking it once."""
    CALLERS[caller].ask(gateway, model, said(ASKED))
    found = placeholders(seen(simulation)[0])
    assert found.keys() == VALUES.keys()
    simulation.clear()
    return found


def _cut(text: str) -> list[str]:
    """Pieces of one to four characters, so that every placeholder is split."""
    pieces, width = [], cycle((3, 1, 4, 2))
    while text:
        size = next(width)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def _call(city: str) -> dict[str, str]:
    r"""A call as a model may write it: every third character of the argument as `\uXXXX`."""
    escaped = "".join(f"\\u{ord(char):04x}" if at % 3 == 0 or char in '"\\\n' else char for at, char in enumerate(city))
    return {"name": "weather", "arguments": f'{{"city": "{escaped}"}}'}


def _cities(answer: Any) -> list[str]:
    assert {name for name, _ in answer.calls} <= {"weather"}
    return [msgspec.json.decode(arguments)["city"] for _, arguments in answer.calls]


def _inside(value: str, text: str) -> bool:
    escaped = value.encode("ascii", "backslashreplace").decode()
    return value in text or escaped in text or escaped.replace("\\", "\\\\") in text
