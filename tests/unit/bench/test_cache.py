"""The cache's benchmark: what is asked is what was meant, and every bar is held against something that is measured."""

import json
from collections import Counter

import pytest

from tests.bench import cache_contenders, cache_report, cache_world
from tests.bench.bars import judge
from tests.bench.cache import planned
from tests.bench.cache_bars import BARS, CELLS, LOOKS, MOST, SCOPES, SIZES
from tests.bench.cache_contenders import with_cache
from tests.bench.cache_lookups import look_ups, times, told
from tests.bench.cache_run import BYTES_AN_ENTRY, free_bytes, others, that_fit
from tests.bench.cache_world import STORED, placed, questions
from tests.bench.contenders import Contender
from tests.bench.report import Setting
from tests.bench.run import Findings
from tests.bench.subject import Subject

KINDS = ("hit", "semantic", "miss")


@pytest.mark.parametrize("scopes", [1, 7, 100])
def test_a_scope_has_each_question_once(scopes: int) -> None:
    seen = Counter(placed(number, scopes) for number in range(scopes * 50))
    assert set(seen.values()) == {1}
    assert Counter(scope for scope, _ in seen) == dict.fromkeys(range(scopes), 50)


def test_enough_questions_are_left_that_nobody_has_asked() -> None:
    asked = list(questions())
    assert len({question for question, _ in asked}) == len(asked) >= STORED + LOOKS


async def test_what_is_stored_is_hit_its_paraphrase_is_served_and_what_is_new_is_missed() -> None:
    world = await cache_world.world(3, semantic=True)
    try:
        await world.fill(30, 10)
        await world.fill(120, 12)
        assert len(world.real) == 12
        assert min(world.real) >= 30, "of the new ones"
        stored = list(world.stored_questions())
        assert [(await world.ask(scope, question))[0] for scope, question, _ in stored] == ["hit"] * 12
        assert [(await world.ask(scope, like))[0] for scope, _, like in stored].count("semantic") >= 11
        assert {(await world.ask(scope, question))[0] for scope, question in world.new_questions()} == {"miss"}
        other = (stored[0][0] + 1) % 3
        assert (await world.ask(other, stored[0][1]))[0] != "hit", "it is another scope's"
        figures = await look_ups(world)
        assert {f"{kind}.{rank}_ms" for kind in KINDS for rank in ("p50", "p99")} <= figures.keys()
        assert figures["semantic.share"] > 0.9
    finally:
        await world.gateway.close()


async def test_only_what_came_as_wanted_is_timed() -> None:
    async def ask(scope: int, _: str) -> tuple[str, float]:
        return ("hit" if scope else "miss"), 0.001 * scope

    took = await times(ask, [(0, "a"), (2, "b"), (4, "c")], "hit")
    assert took == [0.002, 0.004]
    assert told("hit", took) == {"hit.p50_ms": 2.0, "hit.p99_ms": 4.0}
    assert told("hit", []) == {}


def test_no_two_of_the_other_requests_are_equal_and_each_is_whole() -> None:
    subject = Subject(Contender("one", "One", None), None, 1, 1)
    fresh = others(subject)
    seen = {fresh() for _ in range(100)}
    assert len(seen) == 100
    for request in seen:
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        assert json.loads(body)["messages"][-1]["role"] == "user"


def test_a_size_that_does_not_fit_is_left_out() -> None:
    assert free_bytes("MemTotal: 9 kB\nMemAvailable:   2000 kB\n") == 2000 * 1024
    assert free_bytes("") == 0
    assert that_fit(SIZES, 100_000 * BYTES_AN_ENTRY) == (1_000, 10_000, 100_000)
    assert that_fit(SIZES, 0) == ()


def test_a_configuration_names_redis_only_where_the_cache_is_there() -> None:
    assert with_cache({"a": 1}, None, 7) == {"a": 1, "cache": None}
    assert with_cache({}, {}, 7) == {"cache": {}}
    assert with_cache({}, {"backend": "redis"}, 7)["redis"] == {"url": "redis://127.0.0.1:7"}


def test_every_bar_is_held_against_what_a_cell_or_a_process_measures() -> None:
    measured = {
        (cell.name, f"{size}.{kind}.p50_ms") for cell in CELLS for size in cell.order.sizes for kind in KINDS
    } | {(name, "cpu_us") for name in cache_contenders.NAMES}
    for bar in BARS:
        assert (bar.contender, bar.measure) in measured
        assert bar.against is None or bar.against in cache_contenders.NAMES


def test_the_sizes_and_scopes_that_were_promised_are_measured() -> None:
    assert SIZES == (1_000, 10_000, 100_000, 1_000_000)
    assert {cell.order.scopes for cell in CELLS} == set(SCOPES) == {1, 100, 10_000}
    assert all(cell.order.sizes[0] >= cell.order.scopes for cell in CELLS), "a scope without entry is none"


def test_a_quick_run_holds_few_entries_and_half_a_run_only_its_half() -> None:
    quick = planned(3, quick=True, only=None)
    assert max(size for cell in quick.cells for size in cell.order.sizes) == 10_000
    assert all(cell.order.sizes for cell in quick.cells)
    assert quick.rounds == 1
    assert not planned(3, quick=False, only="processes").cells
    assert not planned(3, quick=False, only="lookups").names


def test_the_page_shows_what_was_measured_and_says_what_was_not() -> None:
    findings = Findings(titles={"haechi": "Haechi, memory: hits"}, absent={"portkey": "no node"}, rounds=1)
    findings.book.put(0, MOST, "1000000.semantic.p50_ms", 0.5)
    findings.book.put(0, MOST, "1000000.semantic.share", 0.995)
    findings.book.put(0, "haechi", "cpu_us", 80.0)
    judgements = [judge(bar, findings.book) for bar in BARS]
    shown = cache_report.page(findings, judgements, Setting("m", "s", "d", "make bench-cache"), CELLS)
    assert "| memory, 10,000 scopes | 1,000,000 | · | · | 0.500 | · | · | · | 99.5 | · |" in shown
    assert "portkey: no node" in shown
    assert "A first look from 1 round, not a result" in shown
    assert shown.count("| not measured |") == len(BARS) - 1
    assert [rows for _, rows in cache_report.panels(findings, CELLS)] == [
        [("Haechi, memory", 80.0, True)],
        [(f"{MOST}: semantic", 500.0, True)],
    ]
