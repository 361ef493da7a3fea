"""A batch names its models line by line: a key reaches no other model through one than through a request."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import openai
import pytest
from openai import OpenAI

from tests.e2e.border import SAID
from tests.support.eventually import resident_bytes
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import ask
from tests.support.simulation import Simulation
from tests.support.tenants import ALICE, config

_LARGE = 40_000


@pytest.fixture(scope="module")
def gateway(
    upstream: Simulation, second: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """Bob may use `first` alone."""
    folder = tmp_path_factory.mktemp("batches")
    made: Any = config(upstream, second)
    made["keys"][1]["models"] = ["first"]
    with running(folder, written(folder, made)) as process:
        yield process


def line(model: str, text: str = "hi") -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    said = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    return msgspec.json.encode(said) + b"\n"


def upload(client: OpenAI, content: bytes, **more: Any) -> Any:
    return client.files.create(file=("a.jsonl", content), purpose="batch", **more)


def test_each_line_goes_to_its_targets_model(alice: OpenAI) -> None:
    source = upload(alice, line("first") + line("pair"), extra_query={"model": "first"})
    assert alice.files.content(source.id).read() == line("demo") * 2
    made = alice.batches.create(input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h")
    output = alice.batches.retrieve(made.id).output_file_id
    assert output is not None
    answers = [msgspec.json.decode(one) for one in alice.files.content(output).read().splitlines()]
    assert [one["response"]["body"]["model"] for one in answers] == ["demo", "demo"]


def test_a_form_that_names_a_model_behind_its_file_names_the_targets(alice: OpenAI, gateway: GatewayProcess) -> None:
    """The lines grow shorter, so what stands behind them moves."""
    answer = alice._client.post(
        str(alice.base_url.join("files")),
        headers={"authorization": f"Bearer {ALICE}"},
        files=[
            ("purpose", (None, b"batch")),
            ("file", ("a.jsonl", line("first") * 3)),
            ("model", (None, b"first")),
        ],
    )
    assert answer.status_code == 200, answer.text
    assert alice.files.content(answer.json()["id"]).read() == line("demo") * 3


@pytest.mark.parametrize("model", ["other", "pair", "demo", "gpt-5"])
def test_a_key_reaches_no_other_model(bob: OpenAI, simulation: Simulation, two: Simulation, model: str) -> None:
    simulation.clear()
    with pytest.raises(openai.PermissionDeniedError, match=r"Line 2 of the batch file: .*use one of: first") as caught:
        upload(bob, line("first") + line(model) + line("first"))
    assert (caught.value.code, caught.value.param) == ("model_not_allowed", "file")
    assert [*simulation.requests(), *two.requests()] == [], "nothing is uploaded"
    assert upload(bob, line("first")).id


def test_a_model_of_another_account_is_none_of_this_one(alice: OpenAI) -> None:
    with pytest.raises(openai.PermissionDeniedError, match=r"Line 1 .*use one of: first, pair\."):
        upload(alice, line("other"), extra_query={"model": "first"})
    source = upload(alice, line("other"), extra_query={"model": "other"})
    assert alice.files.content(source.id).read() == line("demo")


def test_a_large_batch_is_read_line_by_line_while_others_are_served(alice: OpenAI, gateway: GatewayProcess) -> None:
    content = line("first", "word " * 100) * _LARGE
    before = resident_bytes(gateway.process.pid)
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(upload, alice, content, extra_query={"model": "first"})
        while not made.done():
            headers = {"authorization": f"Bearer {ALICE}"}
            assert ask(gateway.url, "/v1/chat/completions", {**SAID, "model": "first"}, headers=headers).status == 200
    assert resident_bytes(gateway.process.pid) - before < len(content)
    assert alice.files.retrieve(made.result().id).bytes == len(line("demo", "word " * 100)) * _LARGE
