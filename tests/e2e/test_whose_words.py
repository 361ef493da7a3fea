"""Whose words a caller is told: the upstream's about the caller's own fault, ours about everything else."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.scripted import PATHS, Stage, fresh, stage, target, whole


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    models = {"one/*": {"targets": [target("first")]}}
    with stage(tmp_path_factory.mktemp("words"), {"first": ("chat", "messages", "responses")}, models) as made:
        yield made


_ORGANIZATION: Final = "Rate limit reached for gpt-x in organization org-CANARY on tokens per min."


@pytest.mark.parametrize("caller", PATHS)
@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
def test_a_rate_limit_of_the_shared_account_is_told_in_our_words(caller: str, streamed: bool, play: Stage) -> None:
    error = {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": _ORGANIZATION, "param": None}
    said = {"type": "error", "error": error} if caller == "messages" else {"error": error}
    play.upstreams.play("first", whole(said, 429, {"retry-after": "17", "openai-organization": "org-CANARY"}))
    answer = play.ask(fresh("one"), caller, streamed=streamed)
    assert (answer.status, answer.headers["retry-after"]) == (429, "17")
    assert answer.json["error"]["message"] == "The upstream's rate limit is reached (1 attempt)."
    assert "CANARY" not in f"{answer.body!r}{answer.headers}{play.process.log}"


@pytest.mark.parametrize("caller", PATHS)
def test_what_the_caller_did_wrong_is_told_in_the_upstreams_words(caller: str, play: Stage) -> None:
    error = {
        "type": "invalid_request_error",
        "code": None,
        "message": "`temprature` is unknown.",
        "param": "temprature",
    }
    said = {"type": "error", "error": error} if caller == "messages" else {"error": error}
    play.upstreams.play("first", whole(said, 400))
    answer = play.ask(fresh("one"), caller)
    told = answer.json["error"]
    assert (answer.status, told["message"], told["param"]) == (400, "`temprature` is unknown.", "temprature")
    holder = answer.json if caller == "messages" else told
    assert holder["request_id"] == answer.headers["x-haechi-request-id"]


# -- heads that mean nothing


@pytest.mark.parametrize("status", [999, 600, 399])
@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
def test_a_status_that_is_none_is_a_bad_gateway(status: int, streamed: bool, play: Stage) -> None:
    play.upstreams.play("first", whole({"error": {"message": "CANARY"}}, status, {"retry-after": "9" * 400}))
    answer = play.ask(fresh("one"), streamed=streamed)
    assert (answer.status, answer.end) == (502, "whole"), answer.body
    assert "retry-after" not in answer.headers
    assert b"CANARY" not in answer.body
    assert play.record(answer)["outcome"] == "failed"
    assert "Traceback" not in play.process.log
    assert "defect" not in play.process.log


@pytest.mark.parametrize("wait", ["9" * 400, "1." + "0" * 400, "-1", "nan", "1e9", "Fri, 20 Nov 2026 13:00:00 GMT", ""])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_no_number_of_seconds_is_none(status: int, wait: str, play: Stage) -> None:
    play.upstreams.play("first", whole({"error": {"message": "busy"}}, status, {"retry-after": wait}))
    answer = play.ask(fresh("one"))
    assert answer.status == status, answer.body
    assert "retry-after" not in answer.headers
    assert "Traceback" not in play.process.log
    assert "defect" not in play.process.log
