"""Answers given again: what an SDK hears is what it would have heard live, but for id, time and the mark of the cache."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.callers import CALLERS, Said, said
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.policed import by_dialect
from tests.support.simulation import Simulation
from tests.support.transcripts import steady

LIMIT: Final = 900
SPOKEN: Final = ("chat", "messages", "responses")
FORMS: Final = [(name, streamed) for name in SPOKEN for streamed in (False, True)]
NAMES: Final = [f"{name}-{'streamed' if streamed else 'whole'}" for name, streamed in FORMS]


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("cache")
    config = by_dialect(upstream.url, cache={}, record={"file": str(folder / "records.jsonl")})
    models: Any = config["models"]
    models["demo"] = {"targets": [{"provider": "all", "model": "demo"}]}
    providers: Any = config["providers"]
    providers["all"] = {"kind": "simulated", "base_url": f"{upstream.url}/v1"}
    with running(folder, written(folder, config)) as process:
        yield process


def heard(gateway: GatewayProcess, api: str, model: str, text: str, *, streamed: bool, **more: Any) -> tuple[str, Any]:
    """What the header says of the cache, and all that the SDK of this API got."""
    turns: Any = [{"role": "user", "content": text}]
    if api == "messages":
        with Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as client:
            raw: Any = client.messages.with_raw_response.create(
                model=model, messages=turns, max_tokens=LIMIT, stream=streamed, **more
            )
            return _taken(raw, streamed=streamed)
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as other:
        if api == "chat":
            if streamed:
                more.setdefault("stream_options", {"include_usage": True})
            raw = other.chat.completions.with_raw_response.create(
                model=model, messages=turns, max_tokens=LIMIT, stream=streamed, **more
            )
        else:
            raw = other.responses.with_raw_response.create(
                model=model, input=turns, max_output_tokens=LIMIT, stream=streamed, **more
            )
        return _taken(raw, streamed=streamed)


def _taken(raw: Any, *, streamed: bool) -> tuple[str, Any]:
    answer = raw.parse()
    said = list(answer) if streamed else answer
    return raw.headers["x-haechi-cache"], steady(said)


@pytest.mark.parametrize(("api", "streamed"), FORMS, ids=NAMES)
def test_the_same_question_is_answered_once(
    gateway: GatewayProcess, simulation: Simulation, api: str, streamed: bool
) -> None:
    question = f"같은 질문 {api} {streamed}"
    live = heard(gateway, api, "demo", question, streamed=streamed)
    again = heard(gateway, api, "demo", question, streamed=streamed)
    assert (live[0], again[0]) == ("miss", "hit")
    assert again[1] == live[1]
    assert len(simulation.requests()) == 1


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("to", SPOKEN)
@pytest.mark.parametrize("api", SPOKEN)
def test_what_was_kept_through_one_api_is_given_through_every_other(
    gateway: GatewayProcess, simulation: Simulation, api: str, to: str, streamed: bool
) -> None:
    question = f"건너서 {api} {to} {streamed}"
    kept = heard(gateway, api, api, question, streamed=streamed)
    given = heard(gateway, to, api, question, streamed=streamed)
    asked = len(simulation.requests())
    live = heard(gateway, to, api, question, streamed=streamed, extra_headers={"x-haechi-cache": "bypass"})
    assert (kept[0], given[0], live[0], asked) == ("miss", "hit", "bypass", 1)
    assert given[1] == live[1]


@pytest.mark.parametrize("then", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("to", SPOKEN)
@pytest.mark.parametrize("api", SPOKEN)
def test_a_stream_is_given_whole_and_a_whole_answer_as_a_stream(
    gateway: GatewayProcess, simulation: Simulation, api: str, to: str, then: bool
) -> None:
    """But for how it is cut: of what came whole nobody knows the pieces."""
    limits = {"limit": LIMIT}
    question = said(f"다른 꼴로 {api} {to} {then}")

    def ask(by: str, *, streamed: bool, **more: Any) -> Said:
        return CALLERS[by].ask(gateway, api, question, streamed=streamed, **limits, **more)

    simulation.play(
        {"models": {"demo": {"steps": [{"chunks": ["곰곰이 ", "생각", "하면 ", "그렇습니다"]}], "then": "repeat"}}}
    )
    kept = ask(api, streamed=not then)
    given = ask(to, streamed=then)
    assert len(simulation.requests()) == 1
    assert given._replace(pieces=0) == kept._replace(pieces=0)
