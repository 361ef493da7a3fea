"""`pii-korea`: who has a legal basis for registration numbers gets placeholders for them, which is what the file promises."""

import msgspec

from gateway.app import KNOWN_ENTITIES, start
from gateway.config.structs import Config, Exempt, Key, Model, Policies, Provider, Target
from gateway.limits.keys import new_key
from gateway.policy.load import load_files
from gateway.shipped import shipped
from gateway.trying.scripted import BASE_URL, Scripted
from tests.support.asgi import called

NUMBER = "900101-1234568"
EXEMPT = Exempt(
    name="payroll",
    policy="pii-korea",
    rule="registration-numbers-need-a-basis",
    team="payroll",
    reason="the law demands the number on a pay slip",
)


async def seen_and_answered(team: str) -> tuple[str, str]:
    """What the model got and what the caller got, of a team while that of payroll is exempt."""
    key, hashed = new_key()
    config = Config(
        keys=[Key(name="app", hash=hashed, team=team)],
        providers={"scripted": Provider(kind="openai_compatible", base_url=BASE_URL)},
        models={"m": Model(targets=[Target(provider="scripted", model="m")])},
        policies=Policies(exempt=[EXEMPT]),
    )
    model = Scripted()
    gateway = await start(config, load_files([shipped("pii-korea")], {}, KNOWN_ENTITIES).policies, model.connect)
    try:
        asked = {"model": "m", "messages": [{"role": "user", "content": f"제 번호는 {NUMBER}"}]}
        headers = {"authorization": f"Bearer {key}"}
        status, raw = await called(gateway.app, "/v1/chat/completions", msgspec.json.encode(asked), headers)
    finally:
        await gateway.close()
    assert status == 200
    assert model.got is not None
    return model.got["messages"][0]["content"], msgspec.json.decode(raw)["choices"][0]["message"]["content"]


async def test_with_a_basis_the_number_is_a_placeholder_and_comes_back() -> None:
    seen, answered = await seen_and_answered("payroll")
    assert seen.startswith("제 번호는 <KR_RRN_")
    assert "900101" not in seen
    assert answered == f"You said: 제 번호는 {NUMBER}"


async def test_without_one_it_is_masked_for_good() -> None:
    assert await seen_and_answered("sales") == ("제 번호는 [KR_RRN]", "You said: 제 번호는 [KR_RRN]")
