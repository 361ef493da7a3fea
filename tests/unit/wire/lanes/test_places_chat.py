"""Requests of chat completions: which text stands where, in which role, and what is opaque."""

import json
from typing import Any

import pytest

from gateway.wire.lanes.place import Inside, Opaque
from gateway.wire.lanes.places import places
from tests.unit.wire.lanes.bodies import CHAT


def told(body: dict[str, Any], dialect: str = "chat") -> list[tuple[str, str, str]]:
    return [(place.role, place.text, place.path) for place in places(dialect, body).places]


def message(**fields: Any) -> Inside:
    return places("chat", {"messages": [{"role": "user", **fields}]})


def texts(found: Inside) -> list[str]:
    return [place.text for place in found.places]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", "system"),
        ("developer", "developer"),
        ("user", "user"),
        ("assistant", "assistant"),
        ("tool", "tool_result"),
        ("function", "tool_result"),
    ],
)
def test_text_has_the_role_of_its_message(role: str, expected: str) -> None:
    body = {
        "messages": [{"role": role, "content": "a"}, {"role": role, "content": [{"type": "text", "text": "b"}, "c"]}]
    }
    assert told(body) == [
        (expected, "a", "messages.0.content"),
        (expected, "b", "messages.1.content.0.text"),
        (expected, "c", "messages.1.content.1"),
    ]


def test_a_role_that_nobody_knows_is_text_itself() -> None:
    assert told({"messages": [{"role": "narrator", "content": "a"}]}) == [
        ("user", "narrator", "messages.0.role"),
        ("user", "a", "messages.0.content"),
    ]


def test_the_usual_body_says_this_much_in_this_order() -> None:
    found = places("chat", CHAT)
    said = {(place.role, place.text) for place in found.places}
    for role, text in [
        ("developer", "dev"),
        ("user", "kim"),
        ("user", "https://a.example/kim.png"),
        ("user", "kim.pdf"),
        ("user", "a caption"),
        ("user", "5"),
        ("assistant", "refused"),
        ("assistant", "no"),
        ("assistant", "thought"),
        ("assistant", "a summary"),
        ("assistant", "city"),
        ("assistant", "가나"),
        ("assistant", "1012345678"),
        ("assistant", "키"),
        ("assistant", "no json \\uac00"),
        ("assistant", "free text"),
        ("tool_result", "김철수"),
        ("tool_result", "plain result"),
        ("tool_result", "legacy result"),
        ("user", "narrator one"),
        ("tool_definition", "does f"),
        ("tool_definition", "which city"),
        ("tool_definition", "서울"),
        ("tool_definition", "3"),
        ("tool_definition", "이름"),
        ("tool_definition", "the const"),
        ("tool_definition", "deep key"),
        ("tool_definition", "deep"),
        ("tool_definition", "an example"),
        ("tool_definition", "in defs"),
        ("tool_definition", "an extension"),
        ("tool_definition", "start: WORD"),
        ("tool_definition", "pip install x"),
        ("tool_definition", "the form"),
        ("user", "predicted"),
        ("user", "seoul"),
        ("user", "user-kim"),
        ("user", "safe-kim"),
        ("user", "cache-kim"),
        ("user", "END"),
        ("user", "Seoul"),
        ("user", "a pirate"),
        ("user", "7"),
    ]:
        assert (role, text) in said, text
    assert not {"sealed thought", "call_1", "f", "m-1", "low", "city description", "true"} & {text for _, text in said}
    assert found.opaque == [
        Opaque("url", "messages.2.content.2.image_url.url"),
        Opaque("image", "messages.2.content.3.image_url.url"),
        Opaque("audio", "messages.2.content.4.input_audio.data"),
        Opaque("file", "messages.2.content.5.file.file_id"),
        Opaque("file", "messages.2.content.6.file.file_data"),
        Opaque("unknown", "messages.2.content.7"),
        Opaque("signed", "messages.3.reasoning_details.0.text", "assistant"),
        Opaque("signed", "messages.3.reasoning_details.0.signature", "assistant"),
        Opaque("signed", "messages.3.reasoning_details.1.data", "assistant"),
        Opaque("audio", "messages.3.audio.id", "assistant"),
        Opaque("hosted_tool", "tools.2", "tool_definition"),
        Opaque("hosted_tool", "web_search_options"),
    ]


def test_an_image_may_be_a_bare_address() -> None:
    found = message(content=[{"type": "image_url", "image_url": "https://a.example/x"}])
    assert texts(found) == ["https://a.example/x"]
    assert [note.what for note in found.opaque] == ["url"]


@pytest.mark.parametrize("role", ["user", "tool"])
@pytest.mark.parametrize("text", ["data: 010-1234-5678", "data:text/plain,a b", "data:image/png;base64,MDEw"])
def test_what_a_model_reads_as_text_is_text_however_it_begins(role: str, text: str) -> None:
    found = message(role=role, content=text)
    assert (texts(found), found.opaque) == ([text], [])


def test_a_data_url_in_unknown_places_is_opaque_only_if_it_is_one() -> None:
    found = message(new=["data:image/png;base64,AAAA", "data:image/png;base64,my number", "data:text/plain,a b"])
    assert texts(found) == ["data:image/png;base64,my number", "data:text/plain,a b"]
    assert found.opaque == [Opaque("image", "messages.0.#1.0")]


def test_a_file_is_inside_or_elsewhere() -> None:
    def file(data: str) -> Inside:
        return message(content=[{"type": "file", "file": {"file_data": data}}])

    assert file("JVBERi0=") == ([], [Opaque("file", "messages.0.content.0.file.file_data")])
    assert file("data:application/pdf;base64,AAAA").opaque == file("JVBERi0=").opaque
    linked = file("https://a.example/kim.pdf")
    assert texts(linked) == ["https://a.example/kim.pdf"]
    assert linked.opaque == [Opaque("url", "messages.0.content.0.file.file_data")]


def test_what_stands_for_a_sealed_string_is_read() -> None:
    found = message(content=[{"type": "file", "file": {"file_id": {"a": "b c"}}}])
    assert texts(found) == ["b c"]


def test_a_seal_in_a_block_of_tomorrow_is_not_touched() -> None:
    found = message(content=[{"type": "dream", "scene": {"id": "d1", "signature": "c2ln", "plot": "a b"}}])
    assert texts(found) == ["a b"]
    assert [note.what for note in found.opaque] == ["unknown", "signed"]


def test_arguments_are_written_back_as_json() -> None:
    body = {
        "messages": [
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"\\uac00": 5, "b": "\\"x\\""}'},
                    }
                ],
            }
        ]
    }
    found = places("chat", body)
    assert texts(found) == ["가", "5", "b", '"x"']
    found.places[1].put('say "hi"\n')
    found.places[0].put("key")
    written = body["messages"][0]["tool_calls"][0]["function"]["arguments"]  # type: ignore[index]
    assert json.loads(written) == {"key": 'say "hi"\n', "b": '"x"'}


def test_arguments_that_came_as_an_object_are_read_too() -> None:
    body = {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": {"a b": [1, "x"]}}}]}
    found = places("chat", body)
    assert texts(found) == ["a b", "1", "x"]
    found.rewrite({0: "c d", 1: "one", 2: "y"})
    assert body["messages"][0]["function_call"]["arguments"] == {"c d": ["one", "y"]}  # type: ignore[index]


def test_json_in_json_in_a_tool_result_is_read_and_written() -> None:
    inner = json.dumps({"name": "김철수"})
    body = {"messages": [{"role": "tool", "tool_call_id": "c", "content": json.dumps([{"text": inner}])}]}
    found = places("chat", body)
    assert texts(found) == ["text", "name", "김철수"]
    found.rewrite({2: "<P>", 0: "words"})
    assert json.loads(json.loads(body["messages"][0]["content"])[0]["words"]) == {"name": "<P>"}


def test_json_inside_five_strings_is_read_as_text_at_last() -> None:
    text = "bottom"
    for _ in range(6):
        text = json.dumps([text])
    found = message(role="tool", content=text)
    assert len(found.places) == 1
    assert "bottom" in found.places[0].text
    assert found.places[0].text.startswith("[")


def test_json_of_the_user_is_plain_text() -> None:
    assert texts(message(content='{"a": "b"}')) == ['{"a": "b"}']


@pytest.mark.parametrize("depth", [201, 50_000])
def test_json_too_deep_to_decode_is_marked(depth: int) -> None:
    text = "[" * depth + '"\\uac00"' + "]" * depth
    found = message(role="tool", content=text)
    assert texts(found) == [text]
    assert found.opaque == [Opaque("unknown", "messages.0.content", "tool_result")]


@pytest.mark.parametrize("field", ["tool_call_id", "id", "type"])
def test_an_id_is_harmless_only_as_a_word(field: str) -> None:
    assert texts(message(**{field: "call_abc-1"})) == []
    assert texts(message(**{field: "my number is 5"})) == ["my number is 5"]
    assert texts(message(**{field: "전화"})) == ["전화"]
    assert texts(message(**{field: {"deep": "x"}})) == ["x"]


def test_null_and_switches_are_no_text() -> None:
    assert message(content=None, refusal=None, prefix=True, unknown=False) == ([], [])


def test_a_schema_name_is_text_unless_a_program_could_have_it() -> None:
    names = ["city", "due-date", "$ref2", "p01012345678", "a b", "이름"]
    schema = {"properties": {name: {} for name in names}, "required": names}
    body = {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]}
    assert texts(places("chat", body)) == ["p01012345678", "a b", "이름"] * 2


def test_a_bias_is_harmless_by_token_only() -> None:
    assert texts(places("chat", {"logit_bias": {"50256": 1, "9001011234567": 1}})) == ["9001011234567"]
