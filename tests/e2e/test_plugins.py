"""Detectors of another distribution, in a gateway of their own process: they guard as ours do, and fail as ours do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.e2e.test_policy_failures import PATHS, PATIENT, SLOWLY, TEXT, _in_time, _policy, _record, _rule, _said
from tests.support.acme import acme
from tests.support.distribution import installed
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.pages import ROOT
from tests.support.policed import policed
from tests.support.rawclient import Answer
from tests.support.simulation import Simulation

CHECKS: Final = [
    "raises", "exits", "interrupts", "cancels", "recurs", "hangs", "waits", "stays", "nothing", "a-word", "texts", "outside",
    "fractions", "its-kind-is-text", "endless",
]  # fmt: skip
IN_THREADS: Final = ["thread-raises", "thread-exits", "thread-hangs", "thread-endless"]
TESTS: Final = ["raises", "exits", "interrupts", "recurs", "hangs", "nothing", "a-word", "spins"]
"""What spins comes last: it keeps a part of the processor for good."""
FAILING: Final = {
    **{f"check-{how}": {"kind": "acme_failing", "how": how} for how in [*CHECKS, *IN_THREADS]},
    **{f"test-{how}": {"kind": "acme_failing_test", "how": how} for how in TESTS},
}
HANGING: Final = ("check-hangs", "check-stays", "check-thread-hangs")
GOOD: Final = {
    "ticket": {"kind": "acme_ticket"},
    "staff": {"kind": "acme_staff", "names": ["Minsu Kim"]},
    "mood": {"kind": "acme_mood"},
}
POLICY: Final = """\
haechi: policy/v1
name: house
detectors:
  ticket: {kind: acme_ticket, prefix: INC}
  staff: {kind: acme_staff, names: [Minsu Kim]}
rules:
  - {id: tickets, where: [user], detect: [ticket], action: {tokenize: {restore_into: [content]}}}
  - {id: no-tickets, where: [content], detect: [ticket], action: block}
  - {id: staff, where: [content], detect: [staff], action: mask}
tests:
  - {name: a ticket becomes a placeholder and comes back, say: see INC-123456, model_sees: "see <TICKET_*>", caller_sees: "You said: see INC-123456"}
  - {name: an odd one is none, say: see INC-123457, model_sees: see INC-123457, expect: {found_by: []}}
  - {name: in pieces, answer_chunks: [INC-1, "23456"], expect: {blocked_by: no-tickets, never_sent: INC-1}}
  - {name: a name, answer_chunks: [Ask Min, su Kim], caller_sees: "Ask [STAFF]"}
"""


def _policies() -> list[dict[str, Any]]:
    every = [
        _policy(f"{name}-{side}-{on_error}", {"it": one}, [_rule("watch", where, "it", on_error=on_error)])
        for name, one in FAILING.items()
        for side, where in (("in", "user"), ("out", "content"))
        for on_error in ("block", "allow")
    ]
    for side, where in (("in", "user"), ("out", "content")):
        masks = [_rule(name, where, name, action="mask", timeout_ms=PATIENT) for name in ("ticket", "staff")]
        every.append(_policy(f"good-{side}", GOOD, [*masks, _rule("mood", where, "mood", timeout_ms=PATIENT)]))
    slowly = [_rule("watch", "user", "it", timeout_ms=SLOWLY)]
    return every + [_policy(f"{name}-slowly", {"it": FAILING[name]}, slowly) for name in HANGING]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plugins")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path) -> Iterator[GatewayProcess]:
    made = _policies()
    config = simulated(
        upstream.url, retry={"attempts": 1}, breaker={"failures": 1000}, record={"file": str(folder / "records.jsonl")}
    )
    config["models"] = {one["name"]: {"targets": [{"provider": "sim", "model": "demo"}]} for one in made}
    with running(folder, policed(folder, config, *made), _on_path(acme(folder / "site"))) as process:
        yield process


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("side", ["in", "out"])
def test_detectors_of_another_distribution_guard_every_dialect_and_form(
    gateway: GatewayProcess, simulation: Simulation, side: str, dialect: str, streamed: bool
) -> None:
    raw = "see ACME-123456, not ACME-123457, or ＡＣＭＥ-０００００２; ask Minsu Kim"
    clean = "see [TICKET], not ACME-123457, or [TICKET]; ask [STAFF]"
    simulation.misbehave({"chunks": [raw[at : at + 3] for at in range(0, len(raw), 3)] if side == "out" else ["yes"]})
    answer = _in_time(gateway, f"good-{side}", raw if side == "in" else "hello", dialect, streamed)
    (seen,) = simulation.requests()
    assert answer.status == 200
    if side == "out":
        assert _said(answer) == clean
    else:
        assert clean in msgspec.json.encode(seen["body"]).decode()
    simulation.clear()
    simulation.misbehave({"chunks": ["GO ", "AWAY"] if side == "out" else ["yes"]})
    blocked = _in_time(gateway, f"good-{side}", "GO AWAY" if side == "in" else "hello", dialect, streamed)
    assert blocked.status == 400
    assert "AWAY" not in blocked.body.decode()


def test_a_gateway_whose_plugins_hang_still_answers_others(gateway: GatewayProcess, simulation: Simulation) -> None:
    with ThreadPoolExecutor(max_workers=8) as workers:
        waiting = [
            workers.submit(_in_time, gateway, f"{one}-slowly", "hello", "chat", False) for one in HANGING for _ in "ab"
        ]
        answer = _in_time(gateway, "good-in", "hello", "chat", False)
        assert answer.status == 200
        assert not any(one.done() for one in waiting), "it waited for them"
        assert {one.result().status for one in waiting} == {400}


@pytest.mark.parametrize("on_error", ["block", "allow"])
@pytest.mark.parametrize("failing", FAILING)
def test_one_that_fails_blocks_or_passes_as_the_rule_says_in_time(
    gateway: GatewayProcess, simulation: Simulation, folder: Path, failing: str, on_error: str
) -> None:
    simulation.misbehave({"chunks": ["The word ", "is ", TEXT[:6], TEXT[6:], "."]})
    every = [(dialect, streamed, side) for dialect in PATHS for streamed in (False, True) for side in ("in", "out")]
    with ThreadPoolExecutor(max_workers=len(every)) as workers:
        answers = list(workers.map(lambda how: _answer(gateway, failing, on_error, *how), every))
    for how, answer in zip(every, answers, strict=True):
        said = answer.body.decode()
        if on_error == "block":
            assert answer.status == 400 or '"error"' in said, how
            assert "plum-c" not in said.replace('"', ""), how
        else:
            assert answer.status == 200, how
            assert _said(answer) == f"The word is {TEXT}.", how
        row = _record(folder, answer)
        assert row["outcome"] in (("blocked", "cut") if on_error == "block" else ("answered",)), how
        assert {(place, effect, said) for _, _, place, _, effect, said, _ in row["verdicts"]} == {
            ("user" if how[2] == "in" else "content", "block", "failed")
        }, how
    asked = sum(TEXT in str(one["body"]) for one in simulation.requests())
    assert asked == (0 if on_error == "block" else len(every) // 2), "what is blocked on its way in goes nowhere"
    assert TEXT not in gateway.log
    assert "plum-canary" not in gateway.log


def _answer(gateway: GatewayProcess, failing: str, on_error: str, dialect: str, streamed: bool, side: str) -> Answer:
    said = TEXT if side == "in" else "What is the word?"
    return _in_time(gateway, f"{failing}-{side}-{on_error}", said, dialect, streamed)


def _on_path(*folders: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def _haechi(*arguments: str, cwd: Path, path: Path | None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({} if path is None else _on_path(path))}
    command = [sys.executable, "-W", "error", "-m", "gateway.cli", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=200, check=False)


def test_the_commands_for_policies_know_what_is_installed(tmp_path: Path) -> None:
    site = acme(tmp_path / "site")
    (tmp_path / "house.yaml").write_text(POLICY)
    linted = _haechi("policy", "lint", "--strict", "house.yaml", cwd=tmp_path, path=site)
    assert (linted.stdout.splitlines()[0], linted.stderr, linted.returncode) == ("good: house", "", 0)
    tested = _haechi("policy", "test", "house.yaml", cwd=tmp_path, path=site)
    assert tested.stdout.startswith("4 of 4 tests of 1 policies passed"), tested.stdout + tested.stderr
    rows = [
        line.split()
        for line in _haechi("policy", "coverage", "house.yaml", cwd=tmp_path, path=site).stdout.splitlines()
    ]
    assert ["house", "no-tickets", "chat", "content", "enforced", "enforced", "proven"] in rows
    assert ["house", "staff", "chat", "content", "enforced", "enforced", "full"] in rows
    schema = _haechi("policy", "schema", cwd=tmp_path, path=site).stdout
    assert '"acme_ticket"' in schema
    assert "Ticket numbers of Acme" in schema
    assert (
        _haechi("policy", "schema", cwd=tmp_path, path=None).stdout == (ROOT / "deploy/policy.schema.json").read_text()
    )
    without = _haechi("policy", "lint", "house.yaml", cwd=tmp_path, path=None)
    assert "house.yaml:4: detectors.ticket.kind: 'acme_ticket' is not one of pattern, " in without.stderr


def test_a_plugin_that_cannot_be_imported_stops_the_start_with_its_name(tmp_path: Path) -> None:
    site = installed(tmp_path / "site", "acme-haechi", {"acme": "import nothing_4711"}, {"acme_ticket": "acme:Ticket"})
    made = _policy("house", {"it": {"kind": "acme_ticket"}}, [_rule("r", "user", "it")])
    config = policed(tmp_path, simulated("http://127.0.0.1:9"), made)
    said = "detectors.it.kind: the kind `acme_ticket` of acme-haechi 1.2 cannot be imported from acme:Ticket (ModuleNotFoundError"
    done = _haechi("serve", "--config", str(config), "--port", "0", cwd=tmp_path, path=site)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    other = written(
        tmp_path,
        simulated(
            "http://127.0.0.1:9",
            policies={"files": ["haechi:baseline"]},
            models={"m": {"targets": [{"provider": "sim", "model": "m"}]}},
        ),
    )
    assert _haechi("check", str(other), cwd=tmp_path, path=site).returncode == 0, "nobody asks for it"
