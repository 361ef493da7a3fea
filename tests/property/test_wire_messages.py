"""The Messages dialect there and back: nothing that it can say is lost, however the text was cut."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.wire import sse
from gateway.wire.fold import fold, unfold
from gateway.wire.frames import Frame
from gateway.wire.messages.answer import read_answer, write_answer
from gateway.wire.messages.blocks import as_text
from gateway.wire.messages.braces import Braces
from gateway.wire.messages.outgoing import write_request
from gateway.wire.messages.request import read_request
from gateway.wire.messages.stream import MessagesReader
from gateway.wire.messages.written import MessagesWriter
from gateway.wire.neutral import (
    Answer,
    Begin,
    Choice,
    Delta,
    Ended,
    Event,
    File,
    Finish,
    Finished,
    Format,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Request,
    Text,
    Thinking,
    Tool,
    ToolBegin,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
    Used,
)
from tests.support.neutral_strategies import base64_texts, extras, full_texts, json_objects, names, texts

REQUEST = Request(dialect="messages", model="m", messages=[])

_citations: SearchStrategy[dict[str, Any]] = st.just({}) | st.just(
    {"citations": [{"type": "page_location", "cited_text": "쪽"}]}
)


def text_parts() -> SearchStrategy[Text]:
    return st.builds(Text, text=full_texts(), extras=extras())


def files() -> SearchStrategy[File]:
    title = st.none() | names()
    return st.one_of(
        st.builds(
            File, data=base64_texts(), media_type=st.just("application/pdf"), filename=title, extras=extras("context")
        ),
        st.builds(File, url=st.just("https://example.com/a.pdf"), filename=title),
        st.builds(File, file_id=names(), filename=title),
    )


def images() -> SearchStrategy[Image]:
    held = st.builds(
        Image, data=base64_texts(), media_type=st.sampled_from(("image/png", "image/webp")), extras=extras()
    )
    return held | st.builds(Image, url=st.just("https://example.com/나.png"), extras=extras())


def opaque(kind: str) -> SearchStrategy[Opaque]:
    return json_objects().map(lambda held: Opaque(dialect="messages", value={**held, "type": kind}))


def thinking_parts() -> SearchStrategy[Reasoning]:
    signed = st.builds(Reasoning, text=texts(), signature=full_texts(), origin=st.just("messages"))
    return signed | st.builds(Reasoning, encrypted=full_texts(), redacted=st.just(True), origin=st.just("messages"))


def calls() -> SearchStrategy[ToolCall]:
    return st.builds(ToolCall, id=names(), name=names(), arguments=json_objects().map(as_text), extras=extras())


def results() -> SearchStrategy[ToolResult]:
    held = st.lists(text_parts() | images() | files() | opaque("search_result"), max_size=2)
    return st.builds(ToolResult, call_id=names(), parts=held, is_error=st.booleans(), extras=extras())


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    turns: list[Message] = []
    if system := draw(st.lists(text_parts(), max_size=2)):
        turns.append(Message(role="system", parts=list(system)))
    for _ in range(draw(st.integers(1, 3))):
        asked: list[Part] = [
            *draw(st.lists(results(), max_size=2)),
            *draw(st.lists(text_parts() | images() | files() | opaque("container_upload"), min_size=1, max_size=2)),
        ]
        turns.append(Message(role="user", parts=asked))
        if draw(st.booleans()):
            turns.append(Message(role="system", parts=list(draw(st.lists(text_parts(), min_size=1, max_size=2)))))
        said: list[Part] = [
            *draw(st.lists(thinking_parts(), max_size=2)),
            draw(text_parts() | calls() | opaque("server_tool_use")),
        ]
        turns.append(Message(role="assistant", parts=said))
    return turns


def thinkings() -> SearchStrategy[Thinking]:
    effort = st.none() | st.sampled_from(("low", "high", "max"))
    summary = st.none() | st.just("auto")
    return st.one_of(
        st.builds(
            Thinking, enabled=st.just(True), budget_tokens=st.integers(1024, 9999), effort=effort, summary=summary
        ),
        st.builds(
            Thinking, enabled=st.just(True), effort=effort, extras=st.just({"type": "adaptive", "display": "omitted"})
        ),
        st.builds(Thinking, enabled=st.just(False), effort=effort),
        st.builds(Thinking, effort=st.just("medium")),
    )


def _maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Every request that this API can say, in its canonical neutral form."""
    tool = st.builds(
        Tool,
        name=names(),
        description=_maybe(texts()),
        parameters=json_objects(),
        strict=_maybe(st.booleans()),
        extras=extras("input_examples"),
    )
    choices = (ToolChoice(mode="auto"), ToolChoice(mode="required"), ToolChoice(mode="tool", name="t"))
    choice = draw(st.sampled_from((None, ToolChoice(mode="none"), *choices)))
    parallel = draw(st.sampled_from((None, True, False))) if choice in choices else None
    stream = draw(st.booleans())
    form = st.builds(Format, kind=st.just("schema"), schema=json_objects(), strict=st.just(True))
    return Request(
        dialect="messages",
        model=draw(names()),
        messages=draw(conversations()),
        tools=draw(st.lists(tool, max_size=2)),
        hosted=draw(st.lists(json_objects().map(lambda held: {**held, "type": "web_search_20250305"}), max_size=1)),
        tool_choice=choice,
        parallel_tools=parallel,
        max_tokens=draw(st.integers(0, 10**6)),
        temperature=draw(_maybe(st.floats(0, 1))),
        top_p=draw(_maybe(st.floats(0, 1))),
        top_k=draw(_maybe(st.integers(0, 500))),
        stop=draw(st.lists(texts(), max_size=3)),
        format=draw(_maybe(form)),
        thinking=draw(_maybe(thinkings())),
        stream=stream,
        include_usage=stream,
        user=draw(_maybe(texts())),
        metadata=draw(_maybe(st.just({"plan": "gold"}))),
        service_tier=draw(_maybe(st.sampled_from(("auto", "standard_only")))),
        extras=draw(
            st.dictionaries(
                st.sampled_from(("container", "mcp_servers", "context_management", "x_new")), json_objects(), max_size=2
            )
        ),
    )


def usages() -> SearchStrategy[Usage]:
    count = st.integers(0, 10**6)
    return st.builds(
        lambda fresh, cached, written, output, thought, estimated: Usage(
            input_tokens=fresh + cached + written,
            output_tokens=output,
            cached_tokens=cached,
            cache_write_tokens=written,
            reasoning_tokens=thought,
            estimated=estimated,
            extras={"service_tier": "standard"},
        ),
        count,
        count,
        count,
        count,
        count,
        st.booleans(),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Answers that a stream can say too: two plain texts never follow each other."""
    parts: list[Part] = list(draw(st.lists(thinking_parts(), max_size=2)))
    for part in draw(
        st.lists(
            st.builds(Text, text=full_texts(), extras=_citations) | calls_said() | opaque("web_search_tool_result"),
            max_size=4,
        )
    ):
        if not (isinstance(part, Text) and parts and isinstance(parts[-1], Text) and not parts[-1].extras):
            parts.append(part)
    met = draw(_maybe(full_texts()))
    finish: Finish = (
        "stop_sequence" if met else draw(st.sampled_from(("stop", "length", "tool_calls", "refusal", "pause")))
    )
    held: dict[str, Any] = draw(st.sampled_from(({}, {"container": {"id": "c"}, "stop_details": {"type": "refusal"}})))
    if finish == "length" and draw(st.booleans()):
        held = {**held, "stop_reason": "model_context_window_exceeded"}
    return Answer(
        id=draw(names()),
        model=draw(names()),
        created=0,
        choices=[Choice(index=0, parts=parts, finish=finish, stop_sequence=met, extras=held)],
        usage=draw(usages()),
        extras=draw(st.just({}) | st.just({"diagnostics": {"cache_miss_reason": {"type": "model_changed"}}})),
    )


def calls_said() -> SearchStrategy[ToolCall]:
    held: SearchStrategy[dict[str, Any]] = st.sampled_from(({}, {"caller": {"type": "direct"}}))
    return st.builds(ToolCall, id=names(), name=names(), arguments=json_objects().map(as_text), extras=held)


def written(events: list[Event]) -> list[Frame]:
    writer = MessagesWriter(REQUEST)
    return [frame for event in events for frame in writer.feed(event)]


def read(frames: list[Frame]) -> list[Event]:
    reader = MessagesReader()
    return [event for frame in frames for event in reader.feed(frame)]


def over_the_wire(frames: list[Frame]) -> list[Frame]:
    return sse.Parser(1 << 30).feed(b"".join(frame.raw for frame in frames))


@given(requests())
def test_a_request_comes_back_as_it_went(request: Request) -> None:
    assert read_request(write_request(request)) == request


@given(requests())
def test_a_written_request_is_written_the_same_again(request: Request) -> None:
    body = write_request(request)
    assert write_request(read_request(body)) == body


@given(answers())
def test_an_answer_comes_back_as_it_went(answer: Answer) -> None:
    assert read_answer(write_answer(answer, REQUEST)) == answer


@given(answers())
def test_a_streamed_answer_folds_to_the_same(answer: Answer) -> None:
    assert fold(read(over_the_wire(written(unfold(answer)))), "messages") == answer


@given(answers())
def test_streamed_and_whole_say_the_same(answer: Answer) -> None:
    streamed = fold(read(written(unfold(answer))), "messages")
    assert write_answer(streamed, REQUEST) == write_answer(answer, REQUEST)


@given(answers(), st.data())
def test_how_the_text_was_cut_changes_nothing(answer: Answer, data: st.DataObject) -> None:
    events: list[Event] = []
    for event in unfold(answer):
        events += cut(event, data) if isinstance(event, Delta) else [event]
    assert fold(read(written(events)), "messages") == answer


def cut(delta: Delta, data: st.DataObject) -> list[Event]:
    places = sorted(data.draw(st.lists(st.integers(0, len(delta.text)), max_size=3)))
    return [
        Delta(choice=0, kind=delta.kind, text=delta.text[start:end], tool=delta.tool)
        for start, end in zip([0, *places], [*places, len(delta.text)], strict=True)
    ]


@given(answers())
def test_one_block_is_open_at_a_time_and_the_indices_count(answer: Answer) -> None:
    frames = written(unfold(answer))
    names_ = [frame.event for frame in frames]
    assert names_[0] == "message_start"
    assert names_[-2:] == ["message_delta", "message_stop"]
    is_open = False
    index = -1
    for frame in frames[1:-2]:
        if frame.event == "content_block_start":
            assert not is_open
            index += 1
        else:
            assert is_open
        is_open = frame.event != "content_block_stop"
        assert frame.json["index"] == index
    assert not is_open


@given(st.data())
def test_interleaved_calls_keep_their_arguments(data: st.DataObject) -> None:
    """Pieces of several calls, and text, in any order in which each call begins first."""
    arguments = data.draw(st.lists(json_objects().map(as_text), min_size=2, max_size=4))
    lanes: list[list[Event]] = []
    for tool, text in enumerate(arguments):
        whole = Delta(choice=0, kind="tool_args", text=text, tool=tool)
        lanes.append([ToolBegin(choice=0, tool=tool, id=f"t{tool}", name="n"), *cut(whole, data)])
    said = data.draw(full_texts())
    lanes.append(cut(Delta(choice=0, kind="content", text=said), data))
    events: list[Event] = [Begin(id="a", model="m", created=0)]
    while any(lanes):
        lane = data.draw(st.sampled_from([index for index, held in enumerate(lanes) if held]))
        events.append(lanes[lane].pop(0))
    events += [Finished(choice=0, finish="tool_calls"), Used(usage=Usage()), Ended()]
    answer = fold(read(written(events)))
    parts = answer.choices[0].parts
    assert {part.id: part.arguments for part in parts if isinstance(part, ToolCall)} == {
        f"t{tool}": text for tool, text in enumerate(arguments)
    }
    assert "".join(part.text for part in parts if isinstance(part, Text)) == said


@given(answers())
def test_a_cut_stream_has_no_proper_end(answer: Answer) -> None:
    for frame in written(unfold(answer)[:-1]):
        assert frame.event not in ("message_delta", "message_stop")


@given(json_objects(), st.data())
def test_an_object_is_complete_at_its_last_brace_however_it_came(value: dict[str, Any], data: st.DataObject) -> None:
    text = as_text(value)
    braces = Braces()
    for piece in cut(Delta(choice=0, kind="tool_args", text=text[:-1]), data):
        assert isinstance(piece, Delta)
        braces.feed(piece.text)
        assert not braces.complete
    braces.feed(text[-1] + " \n")
    assert braces.complete


@given(
    st.recursive(st.none() | texts(), lambda deeper: st.lists(deeper) | st.dictionaries(names(), deeper), max_leaves=10)
)
def test_no_body_makes_reading_fail_otherwise_than_by_our_error(value: Any) -> None:
    for body in (
        {"model": "m", "max_tokens": 1, "messages": value},
        {"model": "m", "max_tokens": 1, "messages": [], "system": value},
    ):
        try:
            read_request(body)
        except Exception as error:  # noqa: BLE001 - the point of the test
            assert type(error).__name__ == "GatewayError"  # noqa: PT017
