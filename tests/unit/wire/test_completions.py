"""The legacy completions on the native way: `text` is what the caller reads."""

from gateway.wire import frames
from gateway.wire.completions import COMPLETIONS
from gateway.wire.dialect import EDIT, END, NOTHING, TEXT
from gateway.wire.frames import Frame
from gateway.wire.neutral import Usage

HEAD = {"id": "cmpl-1", "object": "text_completion", "created": 7, "model": "m"}


def chunk(text: str, finish: str | None = None) -> Frame:
    return frames.event({**HEAD, "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]})


def test_a_stream_commits_with_its_first_text_and_ends_with_done() -> None:
    watch = COMPLETIONS.watch(True, True)
    assert watch.look(chunk("")) == NOTHING
    assert watch.look(chunk("옛날")) == TEXT
    assert watch.look(chunk("", "length")) == TEXT
    assert watch.finish == "length"
    usage = frames.event({**HEAD, "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    watch.look(usage)
    assert watch.usage == Usage(input_tokens=1, output_tokens=2)
    assert watch.look(frames.done()) == END


def test_usage_nobody_asked_for_is_taken_out() -> None:
    watch = COMPLETIONS.watch(False, True)
    usage = frames.event({**HEAD, "choices": [], "usage": {"prompt_tokens": 1}})
    assert watch.look(usage) & EDIT
    assert watch.shown(usage) is None


def test_a_whole_body_tells_usage_and_end() -> None:
    watch = COMPLETIONS.watch(True, False)
    frame = frames.body({**HEAD, "choices": [{"text": "x", "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}})
    assert watch.look(frame) == TEXT | END
    assert (watch.usage, watch.finish) == (Usage(input_tokens=1), "stop")


def test_a_stream_is_asked_for_usage_and_a_whole_answer_is_not() -> None:
    streamed = {"stream": True, "stream_options": {"x": 1}}
    COMPLETIONS.prepare(streamed)
    assert streamed["stream_options"] == {"x": 1, "include_usage": True}
    whole = {"prompt": "x"}
    COMPLETIONS.prepare(whole)
    assert whole == {"prompt": "x"}


def test_nothing_is_translated() -> None:
    assert COMPLETIONS.read_request is None
    assert COMPLETIONS.write_request is None
