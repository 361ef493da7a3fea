from random import Random
from typing import Any

import pytest

from gateway.config.structs import Retry
from gateway.routing.failure import Attempt, FailureKind
from gateway.routing.plan import Plan
from gateway.routing.retry import GiveUp, Step, Try, Wait

from .shapes import break_open, config, failed, health, model, planned, step, target

A, B, C = "fast/0:a/m", "fast/0:b/m", "other/0:c/m"


def lone() -> Plan:
    return planned(config(fast=model("a/m")))


def pair() -> Plan:
    return planned(config(fast=model("a/m", "b/m")))


def backed() -> Plan:
    return planned(config(fast=model("a/m", failure="other"), other=model("c/m")))


def goes_to(taken: Step) -> str:
    assert isinstance(taken, Try), taken
    return taken.candidate.name


def waits_for(taken: Step) -> tuple[str, float]:
    assert isinstance(taken, Wait), taken
    return taken.candidate.name, taken.until


def code(taken: Step) -> str:
    assert isinstance(taken, GiveUp), taken
    return taken.error.code


def test_the_first_attempt_goes_to_the_first_target() -> None:
    assert goes_to(step(pair())) == A


def test_a_failure_moves_on_to_an_untried_target_at_once() -> None:
    assert goes_to(step(pair(), failed(A))) == B


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_the_same_target_is_asked_again_when_there_is_no_other(status: int) -> None:
    name, until = waits_for(step(lone(), failed(A, status=status)))
    assert name == A
    assert 1.0 < until <= 1.25


@pytest.mark.parametrize("kind", ["connect", "timeout_connect", "timeout_first_token"])
def test_so_it_is_after_what_never_got_through(kind: FailureKind) -> None:
    assert waits_for(step(lone(), failed(A, kind)))[0] == A


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("stalled", None, "stream_stalled"),
        ("cut", None, "stream_cut"),
        ("invalid_response", None, "upstream_invalid_response"),
        ("stream_error", None, "upstream_error"),
        ("auth", 401, "upstream_auth_failed"),
        ("status", 501, "upstream_error"),
    ],
)
def test_other_failures_move_on_but_never_ask_the_same_again(kind: FailureKind, status: int | None, told: str) -> None:
    assert goes_to(step(pair(), failed(A, kind, status))) == B
    assert goes_to(step(backed(), failed(A, kind, status))) == C
    assert code(step(lone(), failed(A, kind, status))) == told


def test_a_bad_request_is_never_tried_elsewhere_and_its_answer_is_passed_on() -> None:
    for made in (pair(), backed(), lone()):
        taken = step(made, failed(A, "bad_request", 422))
        assert isinstance(taken, GiveUp)
        assert (taken.pass_on, taken.error.code, taken.error.status) == (True, "invalid_request", 422)


def test_the_target_unasked_the_longest_is_asked_again() -> None:
    earlier = Attempt(B, 0.0, 0.5, failed(B).failure)
    assert waits_for(step(pair(), earlier, failed(A)))[0] == B


def test_a_target_that_failed_retryably_is_asked_again_after_another_failed_for_good() -> None:
    assert waits_for(step(pair(), failed(A), failed(B, "auth")))[0] == A


def test_one_attempt_is_kept_for_the_fallback() -> None:
    three = Retry(attempts=3)
    assert waits_for(step(backed(), failed(A), policy=three))[0] == A
    assert goes_to(step(backed(), failed(A), failed(A), policy=three)) == C
    assert code(step(backed(), failed(A), failed(A), failed(C), policy=three)) == "upstream_error"
    assert goes_to(step(backed(), failed(A), policy=Retry(attempts=2))) == C


def test_fallbacks_are_chosen_by_kind() -> None:
    made = planned(
        config(
            fast=model("a/m", "b/m", failure="f", context_length="long", content_filter="lax"),
            f=model("f/m"),
            long=model("long/m"),
            lax=model("lax/m"),
        )
    )
    assert goes_to(step(made, failed(A, "refused_context_length", 400))) == "long/0:long/m"
    assert goes_to(step(made, failed(A, "refused_content_filter", 400))) == "lax/0:lax/m"
    assert goes_to(step(made, failed(A, "auth"), failed(B, "auth"))) == "f/0:f/m"


@pytest.mark.parametrize(
    ("kind", "told"),
    [("refused_context_length", "context_length_exceeded"), ("refused_content_filter", "content_filter")],
)
def test_a_refusal_without_its_fallback_is_told(kind: FailureKind, told: str) -> None:
    taken = step(backed(), failed(A, kind, 400))
    assert code(taken) == told
    assert isinstance(taken, GiveUp)
    assert taken.pass_on


def test_a_plan_that_opens_with_the_fallback_for_context_length_starts_there() -> None:
    short = model(target("a/m", context_tokens=10), context_length="long", failure="other")
    made = planned(config(fast=short, long=model("b/m"), other=model("c/m")), input_tokens=50)
    assert goes_to(step(made)) == "long/0:b/m"


def test_a_fallback_that_fails_leads_to_its_own_fallback_first() -> None:
    made = planned(
        config(
            fast=model("a/m", failure="other last"),
            other=model("c/m", failure="deep"),
            deep=model("d/m"),
            last=model("e/m"),
        )
    )
    spent = (failed(A, "auth"), failed(C, "auth"))
    assert goes_to(step(made, *spent, policy=Retry(attempts=9))) == "deep/0:d/m"
    third = (*spent, failed("deep/0:d/m", "auth"))
    assert goes_to(step(made, *third, policy=Retry(attempts=9))) == "last/0:e/m"


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limit", [{"committed": True}, {"deadline": 1.0}, {"policy": Retry(attempts=1)}, {"replayable": False}]
)
def test_what_ends_it_at_once(limit: dict[str, Any]) -> None:
    assert code(step(pair(), failed(A, status=500), **limit)) == "upstream_error"


def test_a_request_that_may_act_twice_is_tried_again_if_it_was_surely_not_received() -> None:
    assert goes_to(step(pair(), failed(A, "connect", sent=False), replayable=False)) == B
    assert (
        code(step(pair(), failed(A, "cut"), failed(B, "connect", sent=False), replayable=False))
        == "upstream_unreachable"
    )


@pytest.mark.parametrize(
    ("kind", "status", "again"),
    [
        ("status", 429, True),
        ("status", 503, True),
        ("status", 529, True),
        ("status", 500, False),
        ("status", 502, False),
        ("status", 504, False),
        ("status", 599, False),
        ("stream_error", 429, False),
        ("stream_error", 529, False),
        ("timeout_first_token", None, False),
        ("stalled", None, False),
        ("cut", None, False),
        ("invalid_response", 200, False),
        ("auth", 401, False),
    ],
)
def test_a_request_that_may_act_twice_is_tried_again_where_the_status_says_that_nothing_was_done(
    kind: FailureKind, status: int | None, again: bool
) -> None:
    done = step(pair(), failed(A, kind, status), replayable=False)
    assert isinstance(done, Try) == again
    assert not again or goes_to(done) == B
    if again:  # but not once another may have acted
        assert code(step(pair(), failed(B, "cut"), failed(A, kind, status), replayable=False))


def test_no_wait_reaches_the_deadline() -> None:
    assert code(step(lone(), failed(A), deadline=1.0005)) == "upstream_error"


def test_neither_does_a_wait_for_retry_after() -> None:
    told = failed(A, status=429, retry_after=5.0)
    assert code(step(lone(), told, deadline=5.9)) == "rate_limited"
    assert waits_for(step(lone(), told, deadline=7.0))[0] == A


def test_a_refusal_does_not_lead_back_to_a_target_that_failed_before() -> None:
    assert code(step(pair(), failed(A), failed(B, "refused_context_length", 400))) == "context_length_exceeded"


def test_back_off_doubles_up_to_its_limit() -> None:
    policy = Retry(attempts=10, base_delay=1.0, max_delay=3.0)
    delays = [waits_for(step(lone(), *[failed(A)] * count, policy=policy))[1] - 1.0 for count in (1, 2, 3, 4)]
    longest = [1.0, 2.0, 3.0, 3.0]
    assert [delay / most for delay, most in zip(delays, longest, strict=True)] == pytest.approx([delays[0]] * 4)


def test_back_off_is_spread_over_the_whole_delay() -> None:
    policy = Retry(base_delay=1.0)
    delays = sorted(waits_for(step(lone(), failed(A), policy=policy, rng=Random(seed)))[1] - 1.0 for seed in range(50))
    assert 0 < delays[0] < 0.2
    assert 0.8 < delays[-1] <= 1.0


# --- Retry-After -----------------------------------------------------------------------------------------------------


def test_a_short_retry_after_is_waited_for_when_nobody_else_is_there() -> None:
    name, until = waits_for(step(lone(), failed(A, status=429, retry_after=5.0)))
    assert name == A
    assert 6.0 <= until <= 6.25


def test_a_long_one_is_not_and_the_caller_is_told_it() -> None:
    taken = step(lone(), failed(A, status=429, retry_after=60.0))
    assert isinstance(taken, GiveUp)
    assert (taken.error.code, taken.error.status, taken.error.retry_after) == ("rate_limited", 429, 60.0)


def test_anybody_else_goes_first() -> None:
    assert goes_to(step(pair(), failed(A, status=429, retry_after=1.0))) == B
    assert goes_to(step(backed(), failed(A, status=429, retry_after=1.0))) == C


def test_a_target_that_told_others_to_wait_is_passed_over() -> None:
    state = health()
    state.began(A, 0.0)
    state.ended(A, 0.0, failed(A, status=429, retry_after=5.0).failure or "ok", 0.0)
    assert goes_to(step(pair(), state=state)) == B
    assert waits_for(step(lone(), state=state))[0] == A
    taken = step(lone(), state=state, policy=Retry(max_delay=1.0))
    assert isinstance(taken, GiveUp)
    assert (taken.error.code, taken.error.retry_after) == ("rate_limited", 4.0)


# --- health and budget -----------------------------------------------------------------------------------------------


def test_a_target_that_opened_since_the_plan_is_not_asked() -> None:
    state = health()
    made = pair()
    break_open(state, A)
    assert goes_to(step(made, state=state)) == B
    break_open(state, B)
    assert code(step(made, state=state)) == "no_target_available"


def test_a_target_whose_probe_is_out_or_that_checks_found_down_is_not_asked() -> None:
    probed, down = health(), health()
    break_open(probed, A)
    probed.began(A, 10.0)
    for _ in range(2):
        down.checked(A, ok=False, now=10.0)
    for state in (probed, down):
        assert goes_to(step(pair(), state=state, now=10.0)) == B
        assert code(step(pair(), failed(B, "auth"), state=state, now=10.0)) == "upstream_auth_failed"


def test_without_budget_an_overloaded_provider_is_not_asked_again_but_another_one_is() -> None:
    twins = planned(config(fast=model("a/m", "a/n")))
    assert code(step(lone(), failed(A), budget_left=False)) == "upstream_error"
    assert code(step(twins, failed(A), budget_left=False)) == "upstream_error"
    assert goes_to(step(pair(), failed(A), budget_left=False)) == B
    assert goes_to(step(twins, failed(A, "auth"), budget_left=False)) == "fast/0:a/n"


def test_a_step_says_whether_it_spends_budget() -> None:
    again, other, first = step(lone(), failed(A)), step(pair(), failed(A)), step(lone())
    assert isinstance(again, Wait)
    assert isinstance(other, Try)
    assert isinstance(first, Try)
    assert (again.retry, other.retry, first.retry) == (True, False, False)


@pytest.mark.parametrize(
    ("attempt", "told", "status"),
    [
        (failed(A, "connect"), "upstream_unreachable", 502),
        (failed(A, "timeout_connect"), "upstream_timeout", 504),
        (failed(A, "timeout_first_token"), "upstream_timeout", 504),
        (failed(A, status=500), "upstream_error", 502),
        (failed(A, status=503), "upstream_error", 503),
        (failed(A, status=529), "upstream_error", 529),
        (failed(A, status=429), "rate_limited", 429),
        (failed(A, "stream_error", 529), "upstream_error", 529),
        (failed(A, "auth", 401), "upstream_auth_failed", 502),
        (failed(A, "cut"), "stream_cut", 502),
    ],
)
def test_the_last_failure_is_what_the_caller_is_told(attempt: Attempt, told: str, status: int) -> None:
    taken = step(lone(), attempt, committed=True)
    assert isinstance(taken, GiveUp)
    assert (taken.error.code, taken.error.status, taken.pass_on) == (told, status, False)
    assert "a/m" not in taken.error.message
