"""Ids of stored resources: opened where a field names one and nowhere else, sealed wherever an answer gives one."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.limits.keys import Principal
from gateway.upstream.given import Giving
from gateway.upstream.resources import Sealing, open_ids
from gateway.wire import frames
from gateway.wire.body import parse_named
from gateway.wire.dialect import END, TEXT
from gateway.wire.frames import Frame
from gateway.wire.opaque import OpaqueWatch
from gateway.wire.passage import Native
from gateway.wire.sealed import Resource, Sealer
from tests.support.exchanges import exchange

_SEALER: Final = Sealer(b"secret")
_OWNER: Final = "owner"


def seal(own: str, provider: str = "one", owner: str = _OWNER) -> str:
    return _SEALER.seal(owner, Resource(provider, own))


_HOLDERS: Final = {
    ("id", "msg_given"): "one",
    ("container", "cntr_given"): "one",
    ("container_id", "cntr_given"): "one",
    ("container.id", "cntr_given"): "one",
    ("vector_store_ids", "vs_open"): "one",
    ("vector_store_ids", "vs_there"): "two",
}


def opened(body: dict[str, Any] | None = None, path: str = "", dialect: str = "responses") -> Exchange:
    x = exchange(dialect)
    x.principal = Principal(id=_OWNER, name="owner")
    x.body, x.target_path = body, path
    open_ids(x, _SEALER, lambda field, own: _HOLDERS.get((field, own)))
    return x


_FILE: Final = seal("file-own")

_PLACES: Final[list[tuple[Any, Any]]] = [
    ({"file_id": _FILE}, {"file_id": "file-own"}),
    ({"input_file_id": _FILE, "a": 1}, {"input_file_id": "file-own", "a": 1}),
    (
        {"tools": [{"container": {"file_ids": [_FILE, _FILE]}}]},
        {"tools": [{"container": {"file_ids": ["file-own"] * 2}}]},
    ),
    ({"input": [{"content": [{"file_id": _FILE}]}]}, {"input": [{"content": [{"file_id": "file-own"}]}]}),
    ({"type": "tool_use", "input": [{"file_id": _FILE}]}, {"type": "tool_use", "input": [{"file_id": "file-own"}]}),
    ({"source": {"type": "file", "file_id": _FILE}}, {"source": {"type": "file", "file_id": "file-own"}}),
]


@pytest.mark.parametrize(("body", "told"), _PLACES)
def test_an_id_is_opened_wherever_a_field_names_a_resource(body: dict[str, Any], told: dict[str, Any]) -> None:
    before = msgspec.json.encode(body)
    x = opened(body)
    assert x.body == told
    assert list(x.body) == list(body)
    assert (x.pinned, x.opened) == ("one", {"file-own": _FILE})
    assert msgspec.json.encode(body) == before, "what was parsed stays as it was"


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"file_id": "mine", "input_file_id": _FILE}},
        {"content": [{"type": "tool_use", "input": {"file_id": "mine"}}]},
        {"tools": [{"input_schema": {"properties": {"file_id": {"default": "x"}}}}]},
        {"tools": [{"parameters": {"file_id": "x"}}]},
        {"text": {"format": {"schema": {"file_id": "x"}}}},
        {"arguments": {"file_id": "x"}},
        {"input": _FILE, "note": _FILE, "id": _FILE},
        {"file_id": None, "file_ids": [1, None]},
        {},
    ],
)
def test_what_is_the_callers_own_stays_as_it_is(body: dict[str, Any]) -> None:
    x = opened(body)
    assert x.body is body
    assert (x.pinned, x.opened) == (None, {})


@pytest.mark.parametrize(
    "theirs",
    [
        "file-raw",
        seal("file-own", owner="another"),
        _FILE[:-1],
        _FILE + "A",
        _FILE.replace("file-", "resp_"),
        "",
        " " + _FILE,
    ],
)
@pytest.mark.parametrize("field", ["file_id", "input_file_id", "file_ids"])
def test_a_file_that_does_not_open_is_not_there(field: str, theirs: str) -> None:
    with pytest.raises(GatewayError) as caught:
        opened({"input": [{field: [theirs] if field == "file_ids" else theirs}]})
    assert (caught.value.code, caught.value.status, caught.value.param) == ("not_found", 404, field)
    assert not theirs.strip() or theirs not in caught.value.message


_GIVEN: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "reference": lambda own: {"input": [{"type": "item_reference", "id": own}]},
    "bare reference": lambda own: {"input": ["x", {"id": own}]},
    "container": lambda own: {"tools": [{"type": "code_interpreter", "container": own}]},
    "call": lambda own: {"input": [{"type": "code_interpreter_call", "id": "ci_1", "container_id": own}]},
    "environment": lambda own: {
        "tools": [{"type": "shell", "environment": {"type": "container_reference", "container_id": own}}]
    },
    "store": lambda own: {"tools": [{"type": "file_search", "vector_store_ids": [own]}]},
}


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("reference", "msg_given"),
        ("bare reference", "msg_given"),
        ("container", "cntr_given"),
        ("call", "cntr_given"),
        ("environment", "cntr_given"),
        ("store", "vs_open"),
    ],
)
def test_what_was_given_unsealed_goes_to_its_provider_as_it_is(kind: str, own: str) -> None:
    body = _GIVEN[kind](own)
    x = opened(body)
    assert (x.body, x.pinned) == (body, "one")


@pytest.mark.parametrize("kind", _GIVEN)
@pytest.mark.parametrize("own", ["msg_other", "cntr_other", "vs_other", _FILE, ""])
def test_what_was_not_given_to_this_caller_is_not_there(kind: str, own: str) -> None:
    with pytest.raises(GatewayError, match=r"here for you|is open to its callers") as caught:
        opened(_GIVEN[kind](own))
    assert (caught.value.code, caught.value.status) == ("not_found", 404)
    assert not own or own not in caught.value.message
    assert caught.value.param is not None


def test_a_body_as_it_came_is_opened_by_the_names_that_the_border_saw_in_it() -> None:
    raw = msgspec.json.encode({"messages": [{"content": [{"type": "file", "file": {"file_id": _FILE}}]}]})
    x = exchange("chat", principal=Principal(id=_OWNER, name="owner"))
    x.parsed, x.names = parse_named(raw, 10)
    x.body = x.parsed
    open_ids(x, _SEALER, lambda _field, _own: None)
    assert x.body == {"messages": [{"content": [{"type": "file", "file": {"file_id": "file-own"}}]}]}
    assert x.pinned == "one"


def test_unsealed_ids_that_different_providers_hold_do_not_go_together() -> None:
    with pytest.raises(GatewayError, match="different providers"):
        opened({**_GIVEN["reference"]("msg_given"), **_GIVEN["store"]("vs_there")})


@pytest.mark.parametrize(
    "body",
    [
        {"input": [{"type": "message", "role": "user", "id": "msg_other", "content": "x"}]},
        {"input": [{"role": "user", "id": "msg_other", "content": "x"}]},
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]},
        {"input": [{"content": [{"annotations": [{"file_id": "file-cited", "container_id": "cntr_other"}]}]}]},
        {"tools": [{"type": "function", "parameters": {"container": "x", "vector_store_ids": ["x"]}}]},
    ],
)
def test_what_names_nothing_that_is_stored_is_let_through(body: dict[str, Any]) -> None:
    x = opened(body)
    assert (x.body, x.pinned) == (body, None)


def test_another_dialect_has_no_such_ids() -> None:
    body = {"container": "x", "vector_store_ids": ["x"], "input": [{"id": "x"}]}
    assert opened(body, dialect="chat").body is body


@pytest.mark.parametrize("dialect", ["messages", "count_tokens"])
@pytest.mark.parametrize(
    ("container", "place"),
    [("{}", "container"), ({"id": "{}"}, "container.id"), ({"id": "{}", "skills": []}, "container.id")],
)
def test_a_container_of_messages_is_named_by_who_got_it_alone(dialect: str, container: Any, place: str) -> None:
    def naming(own: str) -> dict[str, Any]:
        return {"container": own if isinstance(container, str) else {**container, "id": own}, "messages": []}

    x = opened(naming("cntr_given"), dialect=dialect)
    assert (x.body, x.pinned) == (naming("cntr_given"), "one")
    with pytest.raises(GatewayError, match="no container of this id is known here for you; leave the id out") as caught:
        opened(naming("cntr_other"), dialect=dialect)
    assert (caught.value.code, caught.value.param) == ("not_found", place)


@pytest.mark.parametrize("container", [None, {}, {"id": None, "skills": [{"skill_id": "pdf"}]}])
def test_a_new_container_of_messages_is_anybodys_to_ask_for(container: Any) -> None:
    assert opened({"container": container, "messages": []}, dialect="messages").pinned is None


@pytest.mark.parametrize(
    ("frame", "names"),
    [
        (frames.body({"type": "message", "container": {"id": "cntr_1", "expires_at": "x"}}), ["cntr_1"]),
        (frames.event({"type": "message_start", "message": {"container": {"id": "cntr_1"}}}), ["cntr_1"]),
        (frames.event({"type": "message_delta", "delta": {"container": {"id": "cntr_1"}}}), ["cntr_1"]),
        (frames.event({"type": "message_delta", "delta": {"container": None}}), []),
        (frames.event({"type": "content_block_delta", "delta": {"text": '"container": {"id": "cntr_1"}'}}), []),
        (Frame(b'"container"', b'"container"'), []),
        (frames.comment(), []),
    ],
)
def test_what_containers_a_messages_answer_gives_is_told_and_the_frame_leaves_as_it_came(
    frame: Frame, names: list[str]
) -> None:
    told: list[tuple[str, str]] = []
    passage = Giving(Native(OpaqueWatch()), lambda own, provider: told.append((own, provider)), "one")
    assert passage.feed([frame])[0] == [frame]
    assert told == [(own, "one") for own in names]


_ANSWER: Final[dict[str, Any]] = {
    "id": "resp_1",
    "output": [
        {"id": "rs_1", "type": "reasoning"},
        {"id": "ci_1", "type": "code_interpreter_call", "container_id": "cntr_1"},
        {"id": "sh_1", "type": "shell_call", "environment": {"container_id": "cntr_2"}},
        {"id": "msg_1", "type": "message", "content": [{"id": "no_item"}]},
    ],
}


@pytest.mark.parametrize(
    ("frame", "watch"),
    [
        (frames.body(_ANSWER), "whole"),
        (frames.body({"object": "list", "data": _ANSWER["output"]}), "whole"),
        (frames.event({"type": "response.completed", "response": _ANSWER}, "response.completed"), "events"),
        (frames.event({"type": "response.incomplete", "response": _ANSWER}), "events"),
    ],
)
def test_of_what_leaves_unsealed_note_is_taken(frame: Frame, watch: str) -> None:
    given: list[tuple[str, str]] = []
    looking = DIALECTS["responses"].watch(False, True) if watch == "events" else OpaqueWatch()
    Sealing(Native(looking), _SEALER, _OWNER, "one", lambda own, whose: given.append((own, whose))).feed([frame])
    assert given == [(own, "one") for own in ("rs_1", "ci_1", "cntr_1", "sh_1", "cntr_2", "msg_1")]


def test_a_response_that_does_not_open_may_be_kept_here() -> None:
    x = opened({"previous_response_id": "resp_here"})
    assert x.body == {"previous_response_id": "resp_here"}
    assert (x.pinned, x.opened) == (None, {})


def test_what_different_providers_hold_does_not_go_together() -> None:
    with pytest.raises(GatewayError, match="different providers"):
        opened({"file_id": _FILE, "previous_response_id": seal("resp_a", "two")})


def test_a_conversation_of_the_vendor_is_nobodys_here() -> None:
    for value in ("conv_1", {"id": "conv_1"}, ""):
        with pytest.raises(GatewayError) as caught:
            opened({"conversation": value})
        assert caught.value.param == "conversation"
    assert opened({"conversation": None}).body == {"conversation": None}
    assert opened({"conversation": "mine"}, dialect="chat").body == {"conversation": "mine"}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"/files/{_FILE}", "/files/file-own"),
        (f"/files/{_FILE}/content?a=b", "/files/file-own/content?a=b"),
        (f"/files/x{_FILE}", None),
        (f"/files/{_FILE}.x", None),
        (f"/files/file-raw?after={_FILE}", None),
        (f"/files/file-raw?after=/{_FILE}", None),
        (f"/files/{seal('file-own', owner='another')}", None),
        ("/files/file-raw", None),
    ],
)
def test_a_path_is_opened_only_by_a_whole_id_in_its_place(path: str, told: str | None) -> None:
    x = opened(path=path, dialect="files")
    assert x.target_path == (told or path)
    assert x.pinned == ("one" if told else None)


_JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.sampled_from([_FILE, "file-raw", "resp_raw"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["file_id", "file_ids", "input", "type", "content", "metadata", "parameters", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)


def _named(value: Any, *, field: bool = False) -> list[str]:
    """Ids that an upstream would take for a reference: the slow way to look."""
    if isinstance(value, dict):
        return [
            one
            for key, held in value.items()
            if key not in ("metadata", "parameters")
            if not (key == "input" and isinstance(held, dict) and str(value.get("type")).endswith("tool_use"))
            for one in _named(held, field=key in ("file_id", "file_ids"))
        ]
    if isinstance(value, list):
        return [one for held in value for one in _named(held, field=field)]
    return [value] if field and isinstance(value, str) else []


@given(st.dictionaries(st.sampled_from(["input", "messages", "file_id", "tools"]), _JSON, max_size=3))
def test_no_id_that_did_not_open_reaches_an_upstream(body: dict[str, Any]) -> None:
    named = _named(body)
    try:
        x = opened(body)
    except GatewayError as error:
        told = error.code
    else:
        told = ""
        assert x.body is not None
        assert set(_named(x.body)) == {"file-own" for _ in named}
    assert told == ("not_found" if any(one != _FILE for one in named) else "")


def passage() -> Sealing:
    return Sealing(Native(OpaqueWatch()), _SEALER, _OWNER, "one")


def shown(value: Any) -> Any:
    (frame,), seen = passage().feed([frames.body(value)])
    assert seen & (TEXT | END)
    return msgspec.json.decode(frame.raw)


def test_every_id_of_a_resource_is_sealed_and_nothing_else_changes() -> None:
    batch = {
        "id": "batch_1",
        "object": "batch",
        "input_file_id": "file-1",
        "output_file_id": None,
        "error_file_id": "file-2",
    }
    told = shown({**batch, "metadata": {"id": "mine"}, "status": "completed"})
    assert list(told) == [*batch, "metadata", "status"]
    assert told == {
        **batch,
        "id": seal("batch_1"),
        "input_file_id": seal("file-1"),
        "error_file_id": seal("file-2"),
        "metadata": {"id": "mine"},
        "status": "completed",
    }


def test_a_list_echoes_the_callers_files_and_no_others() -> None:
    cited = {"type": "output_text", "annotations": [{"type": "file_citation", "file_id": "file-9"}]}
    items = [
        {
            "id": "msg_1",
            "content": [{"type": "input_file", "file_id": "file-1"}, {"type": "input_image", "file_id": None}],
        },
        {"id": "msg_2", "content": [cited]},
    ]
    told = shown({"object": "list", "data": items, "first_id": "msg_1"})
    assert told["data"][0]["content"][0]["file_id"] == seal("file-1")
    assert told["data"][1] == items[1], "a cited file is the operator's, so no key to it is made"
    assert told["first_id"] == "msg_1"
    tools = [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1"]}}]
    assert shown({"id": "resp_1", "tools": tools})["tools"][0]["container"]["file_ids"] == [seal("file-1")]


def test_an_event_of_a_responses_stream_is_sealed_and_any_other_passes_as_it_came() -> None:
    def feed(frame: Frame) -> Frame:
        watch = DIALECTS["responses"].watch(False, True)
        (out,), _ = Sealing(Native(watch), _SEALER, _OWNER, "one").feed([frame])
        return out

    response = {"id": "resp_1", "object": "response", "previous_response_id": "resp_0", "output": []}
    made = feed(frames.event({"type": "response.created", "response": response}, "response.created"))
    assert made.json["response"]["id"] == seal("resp_1")
    assert made.json["response"]["previous_response_id"] == seal("resp_0")
    delta = frames.event(
        {"type": "response.output_text.delta", "delta": 'the "file_id" of it', "id": "x"}, "response.output_text.delta"
    )
    assert feed(delta).raw == delta.raw


def test_bytes_and_what_is_no_object_pass_as_they_came() -> None:
    for frame in (Frame(b"\x00", None), Frame(b"[1]", b"[1]"), Frame(b'"file_id', b'"file_id')):
        assert passage().feed([frame])[0] == [frame]
