import pytest

from gateway.config.structs import Breaker
from gateway.routing.failure import Failure
from gateway.routing.health import Health, Outcome

from .shapes import OPEN_FOR, break_open, health

DOWN = Failure("connect", sent=False)
NAME = "fast/0:a/m"


def attempt(state: Health, outcome: Outcome, now: float = 0.0, name: str = NAME) -> None:
    state.began(name, now)
    state.ended(name, now, outcome, now)


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (DOWN, True),
        (Failure("timeout_connect"), True),
        (Failure("timeout_first_token"), True),
        (Failure("stalled"), True),
        (Failure("cut"), True),
        (Failure("status", 500), True),
        (Failure("status", 529), True),
        (Failure("status", 599), True),
        (Failure("stream_error", 503), True),
        (Failure("status", 429), False),
        (Failure("status", 404), False),
        (Failure("auth", 401), False),
        (Failure("bad_request", 400), False),
        (Failure("refused_content_filter", 400), False),
        (Failure("refused_context_length", 400), False),
        ("ok", False),
        ("cancelled", False),
    ],
)
def test_what_the_breaker_counts(outcome: Outcome, counts: bool) -> None:
    state = health()
    attempt(state, outcome)
    assert state.admits(NAME, 1.0) is not counts


def test_only_failures_in_a_row_open_it() -> None:
    state = health(failures=3)
    for outcome in (DOWN, DOWN, "ok", DOWN, DOWN, "cancelled"):
        attempt(state, outcome)
    assert state.admits(NAME, 0.0)
    attempt(state, DOWN)
    assert not state.admits(NAME, 0.0)


def test_half_open_admits_one_probe() -> None:
    state = health()
    break_open(state, NAME)
    assert not state.admits(NAME, OPEN_FOR - 0.1)
    assert state.admits(NAME, OPEN_FOR)
    state.began(NAME, OPEN_FOR)
    assert not state.admits(NAME, OPEN_FOR)


@pytest.mark.parametrize("outcome", ["ok", Failure("status", 429), Failure("bad_request", 400)])
def test_a_probe_that_was_answered_closes_it(outcome: Outcome) -> None:
    state = health()
    break_open(state, NAME)
    attempt(state, outcome, OPEN_FOR)
    assert state.snapshot(OPEN_FOR)[NAME].state == "closed"


def test_after_closing_it_takes_all_failures_again_to_open() -> None:
    state = health(failures=2)
    attempt(state, DOWN)
    attempt(state, DOWN)
    attempt(state, "ok", OPEN_FOR)
    attempt(state, DOWN, OPEN_FOR)
    assert state.admits(NAME, OPEN_FOR)


def test_a_cancelled_probe_frees_the_place_for_another() -> None:
    state = health()
    break_open(state, NAME)
    attempt(state, "cancelled", OPEN_FOR)
    assert state.snapshot(OPEN_FOR)[NAME].state == "half_open"
    assert state.admits(NAME, OPEN_FOR)


def test_the_open_time_doubles_up_to_ten_times_and_starts_anew_after_a_success() -> None:
    state, now, times = health(), 0.0, []
    for _ in range(6):
        attempt(state, DOWN, now)
        times.append(state.ready_at(NAME, now) - now)
        now = state.ready_at(NAME, now)
    assert times == [OPEN_FOR * factor for factor in (1, 2, 4, 8, 10, 10)]
    attempt(state, "ok", now)
    attempt(state, DOWN, now)
    assert state.ready_at(NAME, now) - now == OPEN_FOR


def test_what_began_before_it_opened_neither_closes_it_nor_frees_the_probe() -> None:
    state = health()
    state.began(NAME, 0.0)
    state.began(NAME, 1.0)
    break_open(state, NAME, 2.0)
    state.ended(NAME, 3.0, "ok", 0.0)
    assert not state.admits(NAME, 3.0)
    state.began(NAME, 12.0)
    state.ended(NAME, 13.0, DOWN, 1.0)
    assert not state.admits(NAME, 13.0)  # the probe is still out
    state.ended(NAME, 14.0, "ok", 12.0)
    assert state.admits(NAME, 14.0)


def test_many_failing_at_once_open_it_once() -> None:
    state = health()
    for _ in range(8):
        state.began(NAME, 0.0)
    for _ in range(8):
        state.ended(NAME, 1.0, DOWN, 0.0)
    assert state.ready_at(NAME, 1.0) == 1.0 + OPEN_FOR


def test_retry_after_cools_without_opening_and_is_capped() -> None:
    state = health()
    attempt(state, Failure("status", 429, retry_after=7.0), 1.0)
    assert state.admits(NAME, 1.0)
    assert state.ready_at(NAME, 1.0) == 8.0
    attempt(state, Failure("status", 429, retry_after=86_400.0), 1.0)
    assert state.ready_at(NAME, 1.0) == 301.0


def test_two_failed_checks_in_a_row_take_it_out_and_a_good_one_lets_a_probe_go_at_once() -> None:
    state = health()
    state.checked(NAME, ok=False, now=0.0)
    assert state.admits(NAME, 0.0)
    state.checked(NAME, ok=False, now=1.0)
    assert not state.admits(NAME, 1.0)
    assert state.snapshot(1.0)[NAME].down
    state.checked(NAME, ok=True, now=2.0)
    assert state.admits(NAME, 2.0)
    break_open(state, NAME, 3.0)
    state.checked(NAME, ok=True, now=4.0)
    assert state.admits(NAME, 4.0)
    assert state.snapshot(4.0)[NAME].state == "half_open"


def test_averages_follow_and_failures_do_not_make_a_target_look_fast() -> None:
    state = health(failures=9)
    state.began(NAME, 0.0)
    state.first_token(NAME, 1.0, 1.0)
    state.ended(NAME, 10.0, "ok", 0.0)
    attempt(state, DOWN, 11.0)
    seen = state.seen(NAME, 11.0)
    assert (seen.in_flight, seen.latency, seen.ttft) == (0, 10.0, 1.0)
    state.began(NAME, 20.0)
    state.first_token(NAME, 2.0, 22.0)
    state.ended(NAME, 40.0, "ok", 20.0)
    assert state.seen(NAME, 40.0).latency == pytest.approx(12.0)
    assert state.seen(NAME, 40.0).ttft == pytest.approx(1.2)
    assert state.seen(NAME, 90.0).ttft is None


def test_requests_under_way_are_counted_until_they_end_however_they_end() -> None:
    state = health()
    state.began(NAME, 0.0)
    state.began(NAME, 1.0)
    assert state.seen(NAME, 1.0).in_flight == 2
    state.ended(NAME, 2.0, "cancelled", 0.0)
    assert state.seen(NAME, 2.0).in_flight == 1


def test_names_that_callers_make_up_are_bounded_and_what_matters_is_kept() -> None:
    state = Health(Breaker(failures=1, open_for=OPEN_FOR), capacity=10)
    break_open(state, NAME)
    state.began("busy", 0.0)
    for number in range(1000):
        attempt(state, Failure("bad_request", 404), name=f"made up {number}")
    names = state.snapshot(0.0)
    assert len(names) <= 10
    assert not state.admits(NAME, 0.0)
    assert state.seen("busy", 0.0).in_flight == 1


def test_a_refusal_that_is_one_callers_fault_cools_nobody_elses_target() -> None:
    state = health()
    attempt(state, Failure("bad_request", 400, retry_after=7.0), 1.0)
    assert state.ready_at(NAME, 1.0) == 1.0
