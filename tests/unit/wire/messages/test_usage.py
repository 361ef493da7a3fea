from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.messages.usage import FINISH_OF, read_finish, read_usage, write_finish, write_usage
from gateway.wire.neutral import Usage

_counts = st.integers(0, 10**9)


@given(_counts, _counts, _counts, _counts, _counts)
def test_usage_comes_back_as_it_went(fresh: int, cached: int, written: int, output: int, thought: int) -> None:
    usage = Usage(
        input_tokens=fresh + cached + written,
        output_tokens=output,
        cached_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=thought,
        extras={"service_tier": "standard", "cache_creation": {"ephemeral_5m_input_tokens": written}},
    )
    assert read_usage(write_usage(usage)) == usage


def test_the_callers_of_this_api_never_see_fields_of_another() -> None:
    written = write_usage(Usage(input_tokens=1, extras={"prompt_tokens_details": {"audio_tokens": 1}}))
    assert written == {
        "input_tokens": 1,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }


def test_counts_that_make_no_sense_are_none() -> None:
    assert (
        read_usage({"input_tokens": "7", "output_tokens": True, "output_tokens_details": [], "speed": None}) == Usage()
    )


def test_every_stop_reason_is_written_as_it_was_read() -> None:
    for reason in [*FINISH_OF, "something_new"]:
        finish, extras = read_finish(reason)
        assert write_finish(finish, extras) == reason


def test_a_kept_word_that_says_something_else_is_not_believed() -> None:
    assert write_finish("stop", {"stop_reason": "tool_use"}) == "end_turn"
    assert write_finish("content_filter", {}) == "refusal"
    assert write_finish(None, {}) is None
