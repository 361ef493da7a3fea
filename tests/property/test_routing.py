"""What routing promises for every configuration, every run of bad luck and every dice."""

from dataclasses import dataclass, field
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.strict import Zone
from gateway.config.structs import Breaker, Capability, Config, Fallbacks, Model, Retry, Strategy, Target, When
from gateway.errors import GatewayError
from gateway.routing.budget import RetryBudget
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Attempt, Failure, FailureKind
from gateway.routing.features import Features
from gateway.routing.health import Health, Outcome
from gateway.routing.plan import Plan, admitted, plan, resolve
from gateway.routing.retry import GiveUp, Step, Try, Wait, next_step
from gateway.routing.strategies import STRATEGIES

NAMES = ["m0", "m1", "m2", "m3"]
REGIONS = ["kr", "us"]
ZONES: list[Zone] = list(get_args(Zone))
CAPABILITIES: list[Capability] = ["tools", "images"]
KINDS: list[FailureKind] = list(get_args(FailureKind))

names = st.lists(st.sampled_from(NAMES), max_size=3, unique=True)
targets = st.builds(
    Target,
    provider=st.sampled_from(["p0", "p1", "p2"]),
    model=st.sampled_from(["x", "y"]),
    weight=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    region=st.sampled_from([None, *REGIONS]),
    zone=st.sampled_from(ZONES),
    lacks=st.lists(st.sampled_from(CAPABILITIES), max_size=1),
    context_tokens=st.sampled_from([None, 10, 100]),
    when=st.sampled_from([None, When(), When(tools=True)]),
)
models = st.builds(
    Model,
    targets=st.lists(targets, min_size=1, max_size=4),
    strategy=st.sampled_from(get_args(Strategy)),
    fallbacks=st.builds(Fallbacks, failure=names, context_length=names, content_filter=names),
    regions=st.sampled_from([None, None, ["kr"], REGIONS]),
    zones=st.sampled_from([None, None, ["internal"], ZONES]),
)
configs = st.builds(Config, models=st.fixed_dictionaries(dict.fromkeys(NAMES, models)))
features = st.builds(
    Features,
    model=st.just("m0"),
    input_tokens=st.sampled_from([0, 10, 50, 1000]),
    needs=st.frozensets(st.sampled_from(CAPABILITIES)),
    sticky_key=st.binary(max_size=2),
)
failures = st.builds(
    Failure,
    kind=st.sampled_from(KINDS),
    status=st.sampled_from([None, 200, 400, 401, 404, 429, 500, 501, 502, 503, 504, 529]),
    retry_after=st.sampled_from([None, None, 0.0, 0.5, 5.0, 1e6]),
    sent=st.booleans(),
)
policies = st.builds(
    Retry,
    attempts=st.integers(1, 6),
    base_delay=st.floats(0.001, 10),
    max_delay=st.floats(0.001, 10),
)
seeds = st.integers(0, 2**32)


def made(configuration: Config, asked: Features, state: Health, now: float, rng: Random) -> Plan | None:
    """The plan, or None where there is none to be had."""
    try:
        return plan(resolve(configuration), asked, state, now, rng)
    except GatewayError as error:
        if error.code not in {"no_target_available", "unsupported_parameter", "context_length_exceeded"}:
            raise
        return None


def troubled(configuration: Config, rng: Random) -> Health:
    """A health in which some targets are open and some are cooling at second 0."""
    state = Health(Breaker(failures=1, open_for=5.0))
    outcomes: list[Outcome] = ["ok", "ok", "ok", Failure("connect"), Failure("status", 429, retry_after=3.0)]
    for route in resolve(configuration).exact.values():
        for one in route.groups[0].candidates:
            started = -rng.uniform(0, 7)
            state.began(one.name, started)
            state.ended(one.name, started, rng.choice(outcomes), started)
    return state


# --- the plan --------------------------------------------------------------------------------------------------------


@given(configs, features, seeds)
def test_no_plan_holds_a_target_that_is_open_or_filtered_out(configuration: Config, asked: Features, seed: int) -> None:
    rng = Random(seed)
    state = troubled(configuration, rng)
    plan_made = made(configuration, asked, state, 0.0, rng)
    for one in plan_made.candidates() if plan_made else []:
        assert state.admits(one.name, 0.0)
        assert not asked.needs & frozenset(one.target.lacks)
        assert one.target.context_tokens is None or one.target.context_tokens >= asked.input_tokens


@given(configs, features, seeds)
def test_no_fallback_widens_region_or_zone(configuration: Config, asked: Features, seed: int) -> None:
    plan_made = made(configuration, asked, Health(Breaker()), 0.0, Random(seed))
    for group in plan_made.groups if plan_made else ():
        for model in (configuration.models["m0"], configuration.models[group.model]):
            for one in group.candidates:
                assert model.regions is None or one.target.region in model.regions
                assert model.zones is None or one.target.zone in model.zones


@given(configs, features, seeds)
def test_what_is_left_out_is_recorded_and_nothing_is_lost(configuration: Config, asked: Features, seed: int) -> None:
    rng = Random(seed)
    plan_made = made(configuration, asked, troubled(configuration, rng), 0.0, rng)
    if plan_made is None:
        return
    for group in plan_made.groups:
        kept = [one.name for one in group.candidates]
        out = [each.candidate.name for each in plan_made.excluded if each.model == group.model]
        assert len(kept) + len(out) == len(configuration.models[group.model].targets)
        assert len({*kept, *out}) == len(kept) + len(out)


@given(configs, features, seeds)
def test_each_fallback_model_comes_once_and_never_the_asked_one(
    configuration: Config, asked: Features, seed: int
) -> None:
    plan_made = made(configuration, asked, Health(Breaker()), 0.0, Random(seed))
    if plan_made is None:
        return
    for reason in ("failure", "context_length", "content_filter"):
        after = [group.model for group in plan_made.after(["m0"], reason)]
        assert len(set(after)) == len(after)
        assert "m0" not in after


# --- the attempts ----------------------------------------------------------------------------------------------------


@dataclass
class Drive:
    """Runs one exchange against arbitrary luck, as the code at the edge does, and notes what happened."""

    plan: Plan
    policy: Retry
    health: Health
    deadline: float
    rng: Random
    replayable: bool = True
    budget_left: bool = True
    now: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    retries: int = 0

    def run(self, luck: list[Failure], durations: list[float]) -> GiveUp:
        for turn in range(500):
            self._disturb()
            step = self._next()
            if isinstance(step, GiveUp):
                return step
            if isinstance(step, Wait):
                assert self.now < step.until < self.deadline
                self.now = step.until
                if not admitted(step.candidate, self.health, self.now):
                    continue
            self._fail(step, luck[turn % len(luck)], durations[turn % len(durations)])
        raise AssertionError("it never ended")

    def _disturb(self) -> None:
        """Meanwhile others ask the same targets, take probes, and checks fail."""
        one = self.rng.choice(self.plan.candidates())
        match self.rng.randrange(12):
            case 0:
                self.health.began(one.name, self.now)
            case 1:
                self.health.began(one.name, self.now)
                self.health.ended(one.name, self.now, Failure("connect"), self.now)
            case 2:
                self.health.checked(one.provider, ok=self.rng.random() < 0.3, now=self.now)

    def _next(self) -> Step:
        return next_step(
            self.plan,
            self.attempts,
            self.policy,
            replayable=self.replayable,
            committed=False,
            deadline=self.deadline,
            budget_left=self.budget_left,
            health=self.health,
            now=self.now,
            rng=self.rng,
        )

    def _fail(self, step: Try | Wait, failure: Failure, seconds: float) -> None:
        assert step.candidate.name in {one.name for one in self.plan.candidates()}
        assert admitted(step.candidate, self.health, self.now)
        assert self.now < self.deadline
        self.retries += step.retry
        started = self.now
        self.health.began(step.candidate.name, started)
        self.now = min(started + seconds, self.deadline)  # an attempt is cut off at the deadline
        self.health.ended(step.candidate.name, self.now, failure, started)
        self.attempts.append(Attempt(step.candidate.name, started, self.now, failure))


@st.composite
def drives(draw: st.DrawFn) -> Drive | None:
    rng = Random(draw(seeds))
    configuration = draw(configs)
    state = troubled(configuration, rng)
    found = made(configuration, draw(features), state, 0.0, rng)
    return None if found is None else Drive(found, draw(policies), state, draw(st.floats(0.001, 60)), rng)


luck = st.lists(failures, min_size=1, max_size=6)
durations = st.lists(st.sampled_from([0.0, 0.01, 1.0, 20.0]), min_size=1, max_size=4)


@settings(max_examples=300)
@given(drives(), luck, durations)
def test_attempts_and_time_are_bounded(drive: Drive | None, luck: list[Failure], durations: list[float]) -> None:
    if drive is None:
        return
    drive.run(luck, durations)
    assert len(drive.attempts) <= drive.policy.attempts
    assert drive.now <= drive.deadline


@given(drives(), luck, durations)
def test_a_request_that_may_act_twice_is_tried_again_only_where_it_never_arrived_or_was_turned_away(
    drive: Drive | None, luck: list[Failure], durations: list[float]
) -> None:
    if drive is None:
        return
    drive.replayable = False
    drive.run(luck, durations)
    for each in drive.attempts[:-1]:
        assert each.failure is not None
        turned_away = each.failure.kind == "status" and each.failure.status in (429, 503, 529)
        assert turned_away or not each.failure.sent


@given(drives(), luck, durations)
def test_a_bad_request_is_the_end(drive: Drive | None, luck: list[Failure], durations: list[float]) -> None:
    if drive is None:
        return
    drive.run(luck, durations)
    assert not any(each.failure and each.failure.kind == "bad_request" for each in drive.attempts[:-1])


@given(drives(), luck, durations)
def test_a_spent_budget_never_adds_load_to_a_provider_that_failed(
    drive: Drive | None, luck: list[Failure], durations: list[float]
) -> None:
    if drive is None:
        return
    drive.budget_left = False
    drive.run(luck, durations)
    assert drive.retries == 0
    asked = {one.name: one.provider for one in drive.plan.candidates()}
    overloaded: set[str] = set()
    for attempt in drive.attempts:
        assert asked[attempt.candidate] not in overloaded
        if attempt.failure and attempt.failure.kind in ("connect", "timeout_connect", "timeout_first_token"):
            overloaded.add(asked[attempt.candidate])


@given(drives(), luck, durations)
def test_what_is_told_is_the_last_failure(drive: Drive | None, luck: list[Failure], durations: list[float]) -> None:
    if drive is None:
        return
    given_up = drive.run(luck, durations)
    if not drive.attempts:
        assert given_up.error.code in {"rate_limited", "no_target_available"}
    elif (last := drive.attempts[-1].failure) and last.kind == "refused_context_length":
        assert given_up.error.code == "context_length_exceeded"


@given(drives(), luck)
def test_a_retry_after_is_never_cut_short(drive: Drive | None, luck: list[Failure]) -> None:
    if drive is None:
        return
    drive.run(luck, [0.0])
    for place, later in enumerate(drive.attempts):
        for earlier in drive.attempts[:place]:
            if earlier.candidate == later.candidate and earlier.failure and earlier.failure.retry_after is not None:
                assert later.started >= earlier.ended + earlier.failure.retry_after


# --- health ----------------------------------------------------------------------------------------------------------

outcomes = st.one_of(st.sampled_from(["ok", "cancelled"]), failures)
deeds = st.lists(st.tuples(st.sampled_from(["begin", "end", "pass"]), st.integers(0, 9), outcomes), max_size=60)


@settings(max_examples=300)
@given(deeds, st.integers(1, 3))
def test_a_breaker_that_is_not_closed_has_at_most_one_request_begun_since_it_opened(
    deeds: list[tuple[str, int, Outcome]], threshold: int
) -> None:
    state, now, under_way = Health(Breaker(failures=threshold, open_for=3.0)), 0.0, list[float]()
    opened_at = 0.0
    before = "closed"
    for deed, number, outcome in deeds:
        now += 0.125  # no two moments are the same, as with a real clock
        if deed == "begin" and state.admits("a", now):
            state.began("a", now)
            under_way.append(now)
        elif deed == "end" and under_way:
            state.ended("a", now, outcome, under_way.pop(number % len(under_way)))
        elif deed == "pass":
            now += number
        after = state.snapshot(now)["a"].state if state.snapshot(now) else "closed"
        if before == "closed" and after != "closed":
            opened_at = now
        before = after
        if after != "closed":
            assert sum(started > opened_at for started in under_way) <= 1
        if not under_way:
            assert state.admits("a", now + 1000)  # nobody is shut out for good
        assert state.seen("a", now).in_flight == len(under_way)


# --- strategies ------------------------------------------------------------------------------------------------------


def fleet(weights: list[float], strategy: Strategy) -> list[Candidate]:
    targets = [Target(provider=f"p{place}", model="m", weight=weight) for place, weight in enumerate(weights)]
    config = Config(models={"fleet": Model(targets=targets, strategy=strategy)})
    return list(resolve(config).exact["fleet"].groups[0].candidates)


@given(configs, features, seeds)
def test_a_strategy_only_orders_and_only_conditional_leaves_out(
    configuration: Config, asked: Features, seed: int
) -> None:
    candidates = resolve(configuration).exact["m0"].groups[0].candidates
    for name, order in STRATEGIES.items():
        chosen = [one.name for one in order(candidates, asked, Health(Breaker()), 0.0, Random(seed))]
        assert len(set(chosen)) == len(chosen)
        assert {*chosen} <= {one.name for one in candidates}
        assert name == "conditional" or len(chosen) == len(candidates)


weights = st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=2, max_size=8)


@given(weights, st.binary(min_size=1, max_size=8), st.data())
def test_when_a_target_leaves_only_its_own_keys_move(weights: list[float], key: bytes, data: st.DataObject) -> None:
    candidates = fleet(weights, "sticky")
    gone = data.draw(st.sampled_from(candidates))
    left = [one for one in candidates if one is not gone]
    asked = Features(model="fleet", sticky_key=key)
    before, after = (
        STRATEGIES["sticky"](group, asked, Health(Breaker()), 0.0, Random(0)) for group in (candidates, left)
    )
    assert [one for one in before if one is not gone] == list(after)


@given(weights, st.binary(min_size=1, max_size=8), seeds)
def test_sticky_does_not_look_at_the_order_of_the_list(weights: list[float], key: bytes, seed: int) -> None:
    candidates = fleet(weights, "sticky")
    shuffled = Random(seed).sample(candidates, len(candidates))
    asked = Features(model="fleet", sticky_key=key)
    one, other = (
        STRATEGIES["sticky"](group, asked, Health(Breaker()), 0.0, Random(0)) for group in (candidates, shuffled)
    )
    assert list(one) == list(other)


@pytest.mark.parametrize("strategy", ["weighted", "sticky"])
def test_shares_converge_to_the_weights(strategy: Strategy) -> None:
    weights = [1.0, 2.0, 5.0, 0.0]
    candidates = fleet(weights, strategy)
    rng, draws = Random(20), 8_000
    counts = dict.fromkeys((one.name for one in candidates), 0)
    for number in range(draws):
        asked = Features(model="fleet", sticky_key=number.to_bytes(4, "big"))
        counts[STRATEGIES[strategy](candidates, asked, Health(Breaker()), 0.0, rng)[0].name] += 1
    for one, weight in zip(candidates, weights, strict=True):
        assert counts[one.name] / draws == pytest.approx(weight / sum(weights), abs=0.02)


# --- the retry budget ------------------------------------------------------------------------------------------------

traffic = st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=200)


@given(traffic, st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(0, 5))
def test_retries_stay_within_their_share(traffic: list[tuple[float, bool]], share: float, floor: int) -> None:
    budget, now = RetryBudget(share, floor), 0.0
    requests, retries = list[float](), list[float]()
    for pause, wants_retry in traffic:
        now += pause
        if not wants_retry:
            budget.asked(now)
            requests.append(now)
        elif budget.left(now):
            budget.spent(now)
            retries.append(now)
    for end in retries:
        recent = sum(end - 9 < each <= end for each in retries)
        base = sum(end - 10 < each <= end for each in requests)
        assert recent <= (floor if share else 0) + share * base
