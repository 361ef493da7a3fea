"""Events joined into an answer, and an answer taken apart into events."""

import pytest

from gateway.errors import GatewayError
from gateway.wire.fold import fold, unfold
from gateway.wire.neutral import (
    Answer,
    Begin,
    Choice,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Sealed,
    Text,
    ToolBegin,
    ToolCall,
    Usage,
    Used,
    Whole,
)

BEGIN = Begin(id="a", model="m", created=1, usage=Usage(input_tokens=3))


def parts_of(*events: Event) -> list[Part]:
    return fold([BEGIN, *events, Ended()], origin="messages").choices[0].parts


def said(text: str, **fields: object) -> Delta:
    return Delta(choice=0, kind="content", text=text, **fields)  # type: ignore[arg-type]


def thought(text: str) -> Delta:
    return Delta(choice=0, kind="reasoning", text=text)


def test_a_whole_answer_is_the_events_joined() -> None:
    answer = fold(
        [
            BEGIN,
            Delta(choice=1, kind="content", text="b"),
            said("a"),
            said("a"),
            Finished(choice=0, finish="stop_sequence", stop_sequence="끝", extras={"x": 1}),
            Finished(choice=1, finish="length"),
            Used(usage=Usage(input_tokens=3, output_tokens=4)),
            Ended(),
        ]
    )
    assert answer == Answer(
        id="a",
        model="m",
        created=1,
        usage=Usage(input_tokens=3, output_tokens=4),
        choices=[
            Choice(index=0, parts=[Text(text="aa")], finish="stop_sequence", stop_sequence="끝", extras={"x": 1}),
            Choice(index=1, parts=[Text(text="b")], finish="length"),
        ],
    )


def test_usage_from_the_beginning_counts_if_none_comes_later() -> None:
    assert fold([BEGIN, Ended()]).usage == Usage(input_tokens=3)


def test_a_stream_without_its_end_was_cut() -> None:
    with pytest.raises(GatewayError) as caught:
        fold([BEGIN, said("x"), Finished(choice=0, finish="stop")])
    assert caught.value.code == "stream_cut"


def test_a_failure_inside_is_raised() -> None:
    with pytest.raises(GatewayError, match="broken") as caught:
        fold([BEGIN, Failed(code="upstream_error", message="broken"), Ended()])
    assert caught.value.code == "upstream_error"


def test_arguments_of_a_call_that_never_began_are_the_upstreams_fault() -> None:
    with pytest.raises(GatewayError) as caught:
        parts_of(Delta(choice=0, kind="tool_args", text="{", tool=0))
    assert caught.value.code == "upstream_invalid_response"


def test_parts_stand_in_the_order_in_which_they_began() -> None:
    assert parts_of(
        thought("t"),
        said("a"),
        ToolBegin(choice=0, tool=0, id="1", name="f", extras={"x": 1}),
        ToolBegin(choice=0, tool=1, id="2", name="g", custom=True),
        Delta(choice=0, kind="tool_args", text="[", tool=1),
        Delta(choice=0, kind="tool_args", text="{}", tool=0),
        Delta(choice=0, kind="tool_args", text="]", tool=1),
        said("b"),
        Delta(choice=0, kind="refusal", text="no"),
    ) == [
        Reasoning(text="t", origin="messages"),
        Text(text="a"),
        ToolCall(id="1", name="f", arguments="{}", extras={"x": 1}),
        ToolCall(id="2", name="g", arguments="[]", custom=True),
        Text(text="b"),
        Refusal(text="no"),
    ]


def test_a_seal_closes_the_reasoning_before_it() -> None:
    assert parts_of(
        thought("a"), Sealed(choice=0, signature="s"), thought("b"), Sealed(choice=0, redacted=True, encrypted="e")
    ) == [
        Reasoning(text="a", signature="s", origin="messages"),
        Reasoning(text="b", redacted=True, encrypted="e", origin="messages"),
    ]


def test_a_seal_alone_is_reasoning_without_text() -> None:
    assert parts_of(said("x"), Sealed(choice=0, redacted=True, encrypted="e")) == [
        Text(text="x"),
        Reasoning(redacted=True, encrypted="e", origin="messages"),
    ]


def test_citations_close_the_text_they_are_about() -> None:
    note = Text(text="", extras={"citations": [1]})
    assert parts_of(said("a"), Whole(choice=0, part=note), said("b"), Whole(choice=0, part=note)) == [
        Text(text="a", extras={"citations": [1]}),
        Text(text="b", extras={"citations": [1]}),
    ]


def test_empty_pieces_open_nothing_and_logprobs_add_up() -> None:
    first = {"content": [{"token": "a"}], "refusal": None}
    second = {"content": [{"token": "b"}], "refusal": None}
    choice = fold([said("", logprobs=first), said("", logprobs=second), Ended()]).choices[0]
    assert choice.parts == []
    assert choice.logprobs == {"content": [{"token": "a"}, {"token": "b"}], "refusal": None}


def test_what_is_unfolded_folds_to_the_same_answer() -> None:
    answer = Answer(
        id="a",
        model="m",
        created=1,
        usage=Usage(output_tokens=1),
        extras={"x": 1},
        choices=[
            Choice(
                index=0,
                parts=[
                    Reasoning(text="t", signature="s", origin="messages"),
                    Reasoning(encrypted="e", redacted=True, id="r", origin="messages"),
                    Text(text="a", extras={"citations": [{"x": 1}]}),
                    Text(text="b", extras={"citations": [{"x": 2}]}),
                    ToolCall(id="1", name="f", arguments=""),
                    Text(text="c"),
                    Image(data="QQ==", media_type="image/png"),
                    Opaque(dialect="messages", value={"type": "x"}),
                    ToolCall(id="2", name="g", arguments="free", custom=True, extras={"y": 1}),
                ],
                finish="tool_calls",
                logprobs={"content": [{"token": "a"}]},
                extras={"z": 1},
            ),
            Choice(index=1, parts=[Refusal(text="no")], finish="refusal"),
        ],
    )
    assert fold(unfold(answer), origin="messages") == answer


def test_many_small_pieces_are_joined_in_linear_time() -> None:
    pieces: list[Event] = [said("가나다라") for _ in range(200_000)]
    (part,) = parts_of(*pieces)
    assert isinstance(part, Text)
    assert len(part.text) == 800_000
