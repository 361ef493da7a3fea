"""Every cell of the coverage matrix that says "enforced", by a canary that a rule there stops and that passes without it."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.policy.kinds import INPUT, OUTPUT
from tests.support import matrix
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.matrix import BEGINS, CANARY, HIDDEN, NUMBER, SAID, joined, seen
from tests.support.matrix_answers import ASKING, TOLD, Told
from tests.support.matrix_requests import ASKED, PATHS, Asked
from tests.support.rawclient import Answer, Line
from tests.support.simulation import Simulation

CELLS = {(cell.surface, cell.place, cell.form) for cell in matrix.enforced()}


@pytest.fixture(scope="module")
def line(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder: Path = tmp_path_factory.mktemp("matrix")
    with running(folder, matrix.configuration(folder, upstream.url)) as process, Line(process.url) as line:
        yield line


INPUT_RUNS = [
    pytest.param(asked, upstream, form, id=f"{asked.surface}-{asked.place}-{asked.way}-{upstream}-{form}")
    for asked in ASKED
    for upstream, form in product(asked.upstreams, ("unary", "stream"))
    if (asked.surface, asked.place, form) in CELLS
]


def test_every_enforced_cell_of_requests_is_driven() -> None:
    driven = {(asked.surface, asked.place, form) for asked in ASKED for form in ("unary", "stream")}
    assert {cell for cell in CELLS if cell[1] in INPUT} <= driven


@pytest.mark.parametrize(("asked", "speaks", "form"), INPUT_RUNS)
def test_a_canary_in_a_request_reaches_the_model_only_where_no_rule_stands(
    line: Line, simulation: Simulation, asked: Asked, speaks: str, form: str
) -> None:
    def sent(rules: str) -> tuple[Answer, str | None]:
        simulation.clear()
        body = {**asked.body, "model": f"{speaks}.{rules}", **({"stream": True} if form == "stream" else {})}
        line.ask(PATHS[asked.surface], body)
        answer = line.answer()
        arrived = simulation.requests()
        return answer, "\n".join(seen(one["body"]) for one in arrived) if arrived else None

    for rules in ("bare", f"elsewhere.{asked.place}"):
        answer, there = sent(rules)
        assert there is not None, answer.body
        assert asked.canary in there, f"{rules}: {there}"
    for rules, instead in ((f"mask.{asked.place}", HIDDEN), (f"tokenize.{asked.place}", "<CANARY_")):
        answer, there = sent(rules)
        assert there is not None, answer.body
        assert instead in there, f"{rules}: {there}"
        assert BEGINS not in there, rules
        assert str(NUMBER) not in there, rules
    for rules in (f"block.{asked.place}", *([f"check.{asked.place}"] if asked.canary == CANARY else [])):
        answer, there = sent(rules)
        assert there is None, rules
        assert answer.status == 400
        assert b"policy" in answer.body
        assert BEGINS not in answer.body.decode()


ANSWERS = [
    (told, form)
    for told, form in product(TOLD, ("unary", "stream"))
    if (told.surface, told.place, form) in CELLS and (told.unary if form == "unary" else told.stream)
]
ANSWER_RUNS = [
    pytest.param(told, speaks, form, id=f"{told.surface}-{told.place}-{told.way}-{speaks}-{form}")
    for told, form in ANSWERS
    for speaks in told.upstreams
]


def test_every_enforced_cell_of_answers_is_driven() -> None:
    driven = {(told.surface, told.place, form) for told, form in ANSWERS}
    assert {cell for cell in CELLS if cell[1] in OUTPUT} <= driven


@pytest.mark.parametrize(("told", "speaks", "form"), ANSWER_RUNS)
def test_a_canary_in_an_answer_reaches_the_caller_only_where_no_rule_stands(
    line: Line, simulation: Simulation, told: Told, speaks: str, form: str
) -> None:
    simulation.misbehave(told.step)
    stream = {"stream": True} if form == "stream" else {}

    def got(rules: str) -> tuple[Answer, dict[str, str]]:
        body = {**ASKING[told.surface], **told.more, **stream, "model": f"{speaks}.{rules}"}
        if told.surface == "audio":
            line.ask("/v1/audio/transcriptions", matrix.form(body), headers=matrix.FORM)
        else:
            line.ask(PATHS[told.surface], body)
        answer = line.answer()
        assert answer.end == "whole"
        return answer, joined(_events(answer))

    for rules in ("bare", f"elsewhere.{told.place}"):
        answer, found = got(rules)
        assert answer.status == 200, answer.body
        there = {path for path, text in found.items() if told.canary in seen(text) or told.canary in seen(path)}
        for name in told.stream if form == "stream" else told.unary:
            assert any(name in path for path in there), f"{rules}: {name} of {there or found}"
    answer, found = got(f"mask.{told.place}")
    if speaks in told.signed:
        _is_withheld(answer, found)
    else:
        assert answer.status == 200, answer.body
        assert any(HIDDEN in seen(text) or HIDDEN in path for path, text in found.items()), found
        assert _keeps_quiet(found), found
    _is_withheld(*got(f"block.{told.place}"))
    if told.canary == CANARY:
        _is_withheld(*got(f"check.{told.place}"))


def _events(answer: Answer) -> list[Any]:
    if answer.headers["content-type"].startswith("text/plain"):
        return [{"text": answer.body.decode()}]
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return [answer.json]
    return [msgspec.json.decode(data) for _, data in answer.events if data != "[DONE]"]


def _is_withheld(answer: Answer, found: dict[str, str]) -> None:
    assert b"policy" in answer.body
    assert answer.status == 400 or b"error" in answer.body
    assert b"[DONE]" not in answer.body
    assert _keeps_quiet(found), found
    assert not any("behind" in seen(text) for text in found.values()), "what follows a finding is not sent either"


def _keeps_quiet(found: dict[str, str]) -> bool:
    """Not the smallest part of the canary, in a text or a name of it; nor the number."""
    said = "\n".join(f"{seen(path)}\n{seen(text)}" for path, text in found.items())
    return BEGINS not in said and str(NUMBER)[:5] not in said.replace(" ", "")


@pytest.mark.parametrize("query", ["", "?stream=true", "/input_items"], ids=["unary", "stream", "items"])
def test_what_is_stored_is_looked_at_when_it_is_fetched(
    line: Line, gateway: GatewayProcess, simulation: Simulation, query: str
) -> None:
    """What is asked of a stored response names no model, so the rules of every model apply."""
    simulation.misbehave({"answer": SAID})
    found = {}
    with Line(gateway.url) as without:
        for name, to, model in (("with", line, "native.bare"), ("without", without, "demo")):
            to.ask(PATHS["responses"], {"input": SAID, "model": model})
            made = to.answer().json
            assert SAID in seen(made)
            to.ask(f"{PATHS['responses']}/{made['id']}{query}", b"", method="GET")
            found[name] = to.answer()
    assert any(CANARY in text for text in joined(_events(found["without"])).values())
    _is_withheld(found["with"], joined(_events(found["with"])))
