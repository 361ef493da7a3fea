"""Stored responses, files and batches: their ids belong to the gateway and to one caller, and lead back to one provider."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import openai
import pytest
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation
from tests.support.tenants import ALICE, config

_LINES = (
    b'{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", '
    b'"body": {"model": "demo", "messages": [{"role": "user", "content": "hi"}]}}\n'
)
_ANYTHING: Any = "user_data"


@pytest.fixture(scope="module")
def gateway(
    upstream: Simulation, second: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("resources")
    with running(folder, written(folder, config(upstream, second))) as process:
        yield process


def upload(client: OpenAI, content: bytes | None = None, model: str = "first", purpose: Any = "batch") -> Any:
    """By default a batch with one line for this model."""
    content = _LINES.replace(b"demo", model.encode()) if content is None else content
    return client.files.create(file=("말.jsonl", content), purpose=purpose, extra_query={"model": model})


def upstream_ids(simulation: Simulation, kind: str) -> list[str]:
    """What the upstream itself holds."""
    with OpenAI(base_url=simulation.v1, api_key="any") as client:
        return [one.id for one in (client.files.list() if kind == "files" else client.batches.list())]


def test_a_file_lives_its_whole_life_under_the_gateways_id(alice: OpenAI, simulation: Simulation) -> None:
    made = upload(alice, b"\x00\xff\r\nbytes", purpose=_ANYTHING)
    own = upstream_ids(simulation, "files")[0]
    assert made.id.startswith("file-")
    assert made.id != own
    assert own not in made.model_dump_json()
    found = alice.files.retrieve(made.id)
    assert found == made
    assert alice.files.content(made.id).read() == b"\x00\xff\r\nbytes"
    gone = alice.files.delete(made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    with pytest.raises(openai.NotFoundError) as caught:
        alice.files.retrieve(made.id)
    assert own not in str(caught.value.body), "not even an error names the upstream's own id"


@pytest.mark.parametrize(
    "content", [b"", b'{"id": "mine", "object": "file"}', b'{"error": {"message": "mine"}}', b"[1]", _LINES * 5000]
)
@pytest.mark.parametrize("kind", ["application/octet-stream", "application/json", "application/jsonl", None])
def test_the_content_of_a_file_comes_back_byte_for_byte(
    alice: OpenAI, simulation: Simulation, content: bytes, kind: str | None
) -> None:
    made = upload(alice, content, purpose=_ANYTHING)
    if kind:
        simulation.play(
            {"models": {f"/v1/files/{upstream_ids(simulation, 'files')[0]}/content": [{"content_type": kind}]}}
        )
    assert alice.files.content(made.id).read() == content


def test_a_batch_lives_under_ids_of_the_gateway(alice: OpenAI, simulation: Simulation) -> None:
    source = upload(alice)
    made = alice.batches.create(
        input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"file_id": "mine"}
    )
    assert made.input_file_id == source.id
    assert made.metadata == {"file_id": "mine"}
    done = alice.batches.retrieve(made.id)
    assert (done.id, done.status, done.input_file_id) == (made.id, "completed", source.id)
    assert done.output_file_id is not None
    assert done.output_file_id not in upstream_ids(simulation, "files")
    line = msgspec.json.decode(alice.files.content(done.output_file_id).read())
    assert line["custom_id"] == "a"
    assert line["id"].startswith("batch_req_"), "a file with one line of JSON is still a file"
    waiting = alice.batches.create(input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert alice.batches.cancel(waiting.id).status == "cancelled"


_Ask = Callable[[OpenAI, Any], object]


def _respond(**more: Any) -> _Ask:
    def ask(client: OpenAI, own: Any) -> object:
        said = {name: value(own) if callable(value) else value for name, value in more.items()}
        return client.responses.create(**{"model": "first", "input": "hi", **said})

    return ask


class Theirs(NamedTuple):
    """What Alice has."""

    file: str
    batch: str
    output: str
    response: str
    kept: str


@pytest.fixture
def theirs(alice: OpenAI) -> Theirs:
    source = upload(alice)
    batch = alice.batches.create(input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h")
    output = alice.batches.retrieve(batch.id).output_file_id
    assert output is not None
    response = alice.responses.create(model="first", input="one")
    kept = alice.responses.create(model="chat", input="one")
    return Theirs(source.id, batch.id, output, response.id, kept.id)


_FILE_IN: dict[str, Callable[[str], Any]] = {
    "chat": lambda own: {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": own}}]}]},
    "responses": lambda own: {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": own}]}]},
    "tool": lambda own: {
        "input": "hi",
        "tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": [own]}}],
    },
}

_FORBIDDEN: dict[str, tuple[_Ask, int]] = {
    "retrieve a response": (lambda c, t: c.responses.retrieve(t.response), 404),
    "retrieve it streamed": (lambda c, t: list(c.responses.retrieve(t.response, stream=True)), 404),
    "delete a response": (lambda c, t: c.responses.delete(t.response), 404),
    "cancel a response": (lambda c, t: c.responses.cancel(t.response), 404),
    "list its input": (lambda c, t: c.responses.input_items.list(t.response), 404),
    "retrieve a kept response": (lambda c, t: c.responses.retrieve(t.kept), 404),
    "delete a kept response": (lambda c, t: c.responses.delete(t.kept), 404),
    "list a kept response's input": (lambda c, t: c.responses.input_items.list(t.kept), 404),
    "go on from a response": (_respond(previous_response_id=lambda t: t.response), 400),
    "go on from a kept response": (_respond(model="chat", previous_response_id=lambda t: t.kept), 400),
    "go on elsewhere": (_respond(model="chat", previous_response_id=lambda t: t.response), 400),
    "retrieve a file": (lambda c, t: c.files.retrieve(t.file), 404),
    "read a file": (lambda c, t: c.files.content(t.file), 404),
    "read a batch's output": (lambda c, t: c.files.content(t.output), 404),
    "delete a file": (lambda c, t: c.files.delete(t.file), 404),
    "retrieve a batch": (lambda c, t: c.batches.retrieve(t.batch), 404),
    "cancel a batch": (lambda c, t: c.batches.cancel(t.batch), 404),
    "run a batch of the file": (
        lambda c, t: c.batches.create(
            input_file_id=t.file,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            extra_query={"model": "first"},
        ),
        404,
    ),
    "ask about the file in chat": (
        lambda c, t: c.chat.completions.create(model="first", **_FILE_IN["chat"](t.file)),
        404,
    ),
    "ask about the file in Responses": (
        lambda c, t: c.responses.create(model="first", **_FILE_IN["responses"](t.file)),
        404,
    ),
    "give the file to a tool": (lambda c, t: c.responses.create(model="first", **_FILE_IN["tool"](t.file)), 404),
}


@pytest.mark.parametrize(("ask", "status"), _FORBIDDEN.values(), ids=_FORBIDDEN.keys())
def test_another_key_gets_at_nothing(
    alice: OpenAI, bob: OpenAI, simulation: Simulation, theirs: Theirs, ask: _Ask, status: int
) -> None:
    simulation.clear()
    with pytest.raises(openai.APIStatusError) as caught:
        ask(bob, theirs)
    assert caught.value.status_code == status
    assert simulation.requests() == [], "the upstream is not even asked"
    assert alice.files.retrieve(theirs.file).id == theirs.file
    assert alice.responses.retrieve(theirs.response).id == theirs.response
    assert alice.responses.retrieve(theirs.kept).id == theirs.kept


@pytest.mark.parametrize(("ask", "status"), _FORBIDDEN.values(), ids=_FORBIDDEN.keys())
def test_an_id_that_was_changed_or_is_the_upstreams_own_opens_nothing(
    alice: OpenAI, simulation: Simulation, theirs: Theirs, ask: _Ask, status: int
) -> None:
    """Even the owner gets at nothing through what is not exactly the id that was given."""
    own = Theirs(*(_changed(one) for one in theirs))
    raw = own._replace(file=upstream_ids(simulation, "files")[-1], batch=upstream_ids(simulation, "batches")[-1])
    raw = raw._replace(response=_made_directly(simulation), output=raw.file)
    for ids in (own, raw):
        simulation.clear()
        with pytest.raises(openai.APIStatusError) as caught:
            ask(alice, ids)
        assert caught.value.status_code == status
        assert simulation.requests() == []


def _changed(sealed: str) -> str:
    middle = len(sealed) // 2
    return sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]


def _made_directly(simulation: Simulation) -> str:
    with OpenAI(base_url=simulation.v1, api_key="any") as client:
        return client.responses.create(model="demo", input="not through the gateway").id


@pytest.mark.parametrize("form", ["json", "multipart", "text"])
@pytest.mark.parametrize("operation", ["batches/{}/cancel", "responses/{}/cancel"])
def test_naming_a_model_opens_no_door_to_an_id_of_the_upstream(
    alice: OpenAI, simulation: Simulation, theirs: Theirs, operation: str, form: str
) -> None:
    own = upstream_ids(simulation, "batches")[-1] if "batches" in operation else _made_directly(simulation)
    bodies: dict[str, dict[str, Any]] = {
        "json": {"content": b'{"model": "first"}', "headers": {"content-type": "application/json"}},
        "multipart": {"files": {"a": b"b"}, "data": {"model": "first"}},
        "text": {"content": b"{}", "headers": {"content-type": "text/plain"}},
    }
    simulation.clear()
    headers = {"authorization": f"Bearer {ALICE}", **bodies[form].pop("headers", {})}
    path = f"{operation.format(own)}?model=first"
    answer = alice._client.post(str(alice.base_url.join(path)), headers=headers, **bodies[form])
    assert answer.status_code in (404, 415)
    assert simulation.requests() == []


def test_an_own_id_beside_it_opens_no_door_to_an_id_of_the_upstream(
    alice: OpenAI, simulation: Simulation, theirs: Theirs
) -> None:
    strange = _made_directly(simulation)
    simulation.clear()
    parts = [{"role": "user", "content": [{"type": "input_file", "file_id": theirs.file}]}]
    asks: list[Callable[[], object]] = [
        lambda: alice.responses.create(model="first", input=parts, previous_response_id=strange),  # type: ignore[arg-type]
        lambda: alice.responses.retrieve(strange, extra_query={"after": theirs.response}),
        lambda: alice.responses.retrieve(f"{strange}.{theirs.response}"),
    ]
    for ask in asks:
        with pytest.raises(openai.APIStatusError) as caught:
            ask()
        assert caught.value.status_code in (400, 404)
        assert simulation.requests() == []


def test_a_conversation_of_the_vendor_is_refused_because_it_could_be_anybodys(
    alice: OpenAI, simulation: Simulation
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        alice.responses.create(model="first", input="hi", conversation="conv_123")
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "conversation")
    assert simulation.requests() == []


def test_a_file_pins_its_provider(alice: OpenAI, simulation: Simulation, two: Simulation) -> None:
    here, there = upload(alice, model="first"), upload(alice, model="other")
    for file, holder, stranger in ((here, simulation, two), (there, two, simulation)):
        for kind, asked in (("responses", alice.responses.create), ("chat", alice.chat.completions.create)):
            simulation.clear()
            two.clear()
            asked(model="pair", **_FILE_IN[kind](file.id))
            (request,) = [one for one in holder.requests() if one["path"].endswith(("/responses", "/completions"))]
            assert stranger.requests() == []
            assert file.id not in msgspec.json.encode(request["body"]).decode()
            assert upstream_ids(holder, "files")[0] in msgspec.json.encode(request["body"]).decode()
    with pytest.raises(openai.BadRequestError, match="different providers"):
        alice.responses.create(
            model="pair",
            input=[*_FILE_IN["responses"](here.id)["input"], *_FILE_IN["responses"](there.id)["input"]],
        )
    with pytest.raises(openai.BadRequestError, match="do not hold"):
        alice.responses.create(model="other", **_FILE_IN["responses"](here.id))


def test_a_batch_runs_where_its_file_is(alice: OpenAI, simulation: Simulation, two: Simulation) -> None:
    source = upload(alice, model="other")
    simulation.clear()
    made = alice.batches.create(input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert alice.batches.retrieve(made.id).status == "completed"
    assert simulation.requests() == []
    assert upstream_ids(two, "batches")


def test_what_was_asked_echoes_in_the_callers_ids(alice: OpenAI, simulation: Simulation) -> None:
    source = upload(alice)
    first = alice.responses.create(model="first", **_FILE_IN["responses"](source.id))
    items = alice.responses.input_items.list(first.id).to_dict()
    assert source.id in msgspec.json.encode(items).decode()
    assert upstream_ids(simulation, "files")[0] not in msgspec.json.encode(items).decode()
    second = alice.responses.create(model="first", input="recall", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert alice.responses.retrieve(second.id).previous_response_id == first.id


def test_an_id_is_the_same_in_every_event_and_in_the_body(alice: OpenAI, simulation: Simulation) -> None:
    events: Any = list(alice.responses.create(model="first", input="hi", stream=True))
    ids = {event.response.id for event in events if hasattr(event, "response")}
    assert len(ids) == 1
    (made,) = ids
    assert alice.responses.retrieve(made).id == made
    again: Any = list(alice.responses.retrieve(made, stream=True))
    assert {event.response.id for event in again if hasattr(event, "response")} == ids
    part: Any = list(alice.responses.retrieve(made, stream=True, starting_after=2))
    assert [event.sequence_number for event in part] == [event.sequence_number for event in again[3:]]


def test_a_text_that_looks_like_an_id_stays_as_it_is(alice: OpenAI, simulation: Simulation, theirs: Theirs) -> None:
    """Only fields that name a resource are opened: what somebody says, notes or gives to a tool is theirs."""
    simulation.clear()
    said: Any = {
        "metadata": {"file_id": theirs.file, "note": theirs.response},
        "tools": [
            {
                "type": "function",
                "name": "f",
                "strict": False,
                "parameters": {"properties": {"file_id": {"enum": ["a"]}}},
            }
        ],
    }
    answer = alice.responses.create(model="first", input=theirs.response, **said)
    assert answer.output_text == f"You said: {theirs.response}"
    assert answer.metadata == said["metadata"]
    (request,) = simulation.requests()
    assert {name: request["body"][name] for name in said} == said


def test_lists_are_refused_with_a_reason(alice: OpenAI) -> None:
    for ask in (alice.files.list, alice.batches.list):
        with pytest.raises(openai.NotFoundError, match="shared"):
            ask()


def test_where_several_providers_keep_files_the_caller_says_which(alice: OpenAI, two: Simulation) -> None:
    with pytest.raises(openai.BadRequestError, match=r"\?model="):
        alice.files.create(file=b"x", purpose="batch")
    before = len(upstream_ids(two, "files"))
    upload(alice, model="other")
    assert len(upstream_ids(two, "files")) == before + 1
    assert not any(request["query"] for request in two.requests() if request["method"] == "POST")


def test_a_restart_with_the_same_secret_first_or_among_the_others_still_opens_an_id(
    alice: OpenAI, upstream: Simulation, second: Simulation, tmp_path: Path
) -> None:
    made = upload(alice, _LINES, purpose=_ANYTHING)
    same: dict[str, Any] = {"secret": "one secret for all replicas"}
    other: dict[str, Any] = {"secret": "another secret"}
    for secrets, opens in (
        (same, True),
        (other, False),
        ({**other, "other_secrets": ["the one before", same["secret"]]}, True),
    ):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        with (
            running(folder, written(folder, config(upstream, second, **secrets))) as replica,
            OpenAI(base_url=replica.v1, api_key=ALICE, max_retries=0) as client,
        ):
            if opens:
                assert client.files.content(made.id).read() == _LINES
            else:
                with pytest.raises(openai.NotFoundError):
                    client.files.content(made.id)
