"""The pages about policies over HTTP: what is in force, and a draft that is judged and changes nothing."""

import asyncio
import logging
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from gateway.app import Gateway, read_config, start
from gateway.limits.keys import new_key
from tests.support.console import Looker, looking, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY: Final = """\
haechi: policy/v1
name: house
version: 3
description: Codes stay here.
bind: {models: [demo]}
detectors:
  code: {kind: pattern, match: 'INT-[0-9]{6}', name: INTERNAL_CODE}
  hook: {kind: webhook, url: 'http://127.0.0.1:9/', secret: swordfish-secret}
rules:
  - {id: no-codes, where: [user], detect: [code], action: tokenize}
  - {id: watch, where: [user], detect: [code, hook], action: block, mode: shadow}
tests:
  - {name: a code, say: see INT-123456, model_sees: see <INTERNAL_CODE_*>}
"""
CANARY: Final = "INT-987654"


class Console:
    """A gateway with one policy from a file, and an administrator who has signed in."""

    def __init__(self, running: Gateway, looker: Looker, file: Path, user: str) -> None:
        self.running = running
        self.looker = looker
        self.file = file
        self.user = user
        self.token = ""

    async def post(self, path: str, text: str, **more: str) -> str:
        form = {"token": self.token, "text": text, "open": "one", "start": "house", **more}
        answer = await self.looker.post(f"policies/{path}", form)
        assert answer.status_code == 200, answer.text
        return text_of(answer.text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    folder = tmp_path_factory.mktemp("policies")
    (admin, admin_hash), (user, user_hash) = new_key(), new_key()
    file, config = folder / "house.yaml", folder / "haechi.yaml"
    file.write_text(POLICY)
    config.write_text(
        "providers: {simulated: {}}\nmodels: {demo: {targets: [{provider: simulated, model: demo}]}}\n"
        f"keys: [{{name: root, hash: '{admin_hash}', admin: true}}, {{name: anna, hash: '{user_hash}'}}]\n"
        "policies: {files: [house.yaml], exempt: [{name: desk, key: anna, policy: house, rule: watch, reason: it is so}]}\n"
    )
    read = read_config(config, {})
    running = await start(read.config, read.policies, written=read.written)
    try:
        async with looking(running.app) as looker:
            await looker.sign_in(admin)
            made = Console(running, looker, file, user)
            made.token = await looker.token("policies/write")
            yield made
    finally:
        await running.close()


async def test_the_list_tells_name_version_binding_rules_and_file(console: Console) -> None:
    page = text_of((await console.looker.get("policies")).text)
    for said in ("house", "demo", "1 enforced", "1 shadow", "house.yaml", "desk", "house/watch"):
        assert said in page
    assert "changed on disk" not in page


async def test_its_tests_are_run_and_what_is_not_run_here_is_said(console: Console) -> None:
    badge = text_of((await console.looker.get("policies/policy/house/tests")).text)
    assert "1 of 1 pass" in badge
    every = text_of((await console.looker.get("policies/policy/house/tests?all=1")).text)
    assert "a code" in every
    assert "hook (webhook)" in every
    assert "a code" in text_of((await console.looker.get("policies/policy/house?tests=1")).text)


async def test_one_policy_is_told_with_its_text_and_without_its_secrets(console: Console) -> None:
    answer = await console.looker.get("policies/policy/house?at=chat.user")
    page = text_of(answer.text)
    assert "Codes stay here." in page
    assert "house/no-codes" in page
    assert console.running.gate.pipeline.setup.policies["house"].digest in page
    assert "swordfish" not in answer.text
    assert (await console.looker.get("policies/policy/gone")).status_code == 404


async def test_without_a_ledger_nobody_knows_which_versions_were_used(console: Console) -> None:
    assert "there is none here" in text_of((await console.looker.get("policies/policy/house/used")).text)


async def test_coverage_says_what_nobody_looks_at(console: Console) -> None:
    page = text_of((await console.looker.get("policies/coverage?at=chat.system&policy=house")).text)
    assert "No rule looks here." in page
    assert "unreadable" in page


async def test_a_file_that_is_another_one_by_now_is_marked(console: Console) -> None:
    console.file.write_text(POLICY + "# changed\n")
    try:
        assert "changed on disk" in text_of((await console.looker.get("policies")).text)
    finally:
        console.file.write_text(POLICY)


async def test_mistakes_come_with_their_place_and_what_was_meant(console: Console) -> None:
    page = await console.post("write/check", POLICY.replace("detect: [code]", "detekt: [code]"))
    assert re.search(r"10:\d+ .*detekt.*unknown key.*did you mean detect\?", page, re.DOTALL)


async def test_a_sound_draft_is_told_with_its_tests_and_what_it_changes(console: Console) -> None:
    page = await console.post("write/check", POLICY.replace("version: 3", "version: 4").replace("tokenize}", "log}"))
    for said in ("No mistakes", "0 of 1 pass", "looser", "house/no-codes", "-version: 3", "+version: 4", "house.yaml"):
        assert said in page


async def test_the_box_shows_both_sides_and_the_finding(console: Console) -> None:
    assert "Sent in" in await console.post("write/try", POLICY, say="see INT-123456", surface="messages", streamed="on")
    page = await console.post("write/try", POLICY, say="see INT-123456", surface="messages")
    assert re.search(r"see <INTERNAL_CODE_[a-z2-7]{10}>", page)
    assert "You said: see INT-123456" in page
    assert "4–14" in page
    assert "house/no-codes" in page


async def test_nothing_that_is_typed_is_put_in_force_kept_or_logged(
    console: Console, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    setup = console.running.gate.pipeline.setup
    before = setup.policies["house"].digest
    with caplog.at_level(logging.DEBUG):
        draft = f"{POLICY}  - {{name: x, say: {CANARY}, model_sees: no}}\nbroken-{CANARY}: 1\n"
        await console.post("write/check", draft)
        await console.post("write/try", POLICY, say=CANARY)
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())
    assert console.running.gate.pipeline.setup is setup
    assert setup.policies["house"].digest == before
    assert console.file.read_text() == POLICY


async def test_the_file_to_commit_is_what_was_typed(console: Console) -> None:
    form = {"token": console.token, "text": POLICY.replace("\n", "\r\n")}
    answer = await console.looker.post("policies/write/file", form)
    assert answer.headers["content-disposition"] == 'attachment; filename="house.yaml"'
    assert answer.text == POLICY


async def test_without_a_script_the_page_answers_all_at_once(console: Console) -> None:
    page = await console.post("write", POLICY, say="see INT-123456")
    assert "No mistakes" in page
    assert "<INTERNAL_CODE_" in page


@pytest.mark.parametrize("path", ["write/check", "write/try"])
async def test_what_is_too_long_is_not_looked_at(console: Console, path: str) -> None:
    assert "at most" in await console.post(path, "한" * 70_000)


async def test_a_draft_that_takes_long_holds_up_nobody(console: Console) -> None:
    """The process that judges it stands still, and the gateway does not."""
    await console.post("write/check", POLICY)
    process = console.running.gate.drafts._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        judged = asyncio.create_task(console.post("write/check", POLICY.replace("version: 3", "version: 5")))
        await asyncio.sleep(0)
        assert (await console.looker.get("policies/coverage")).status_code == 200
        assert not judged.done()
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert "Version 5" in await judged


async def test_only_administrators_see_and_write_policies(console: Console) -> None:
    async with looking(console.running.app) as other:
        await other.sign_in(console.user)
        for path in ("policies", "policies/write", "policies/coverage", "policies/policy/house"):
            answer = await other.get(path)
            assert answer.status_code == 403
            assert "no-codes" not in answer.text
        refused = await other.post("policies/write/check", {"token": await other.token(), "text": POLICY})
        assert refused.status_code == 403


async def test_it_speaks_korean(console: Console) -> None:
    page = text_of((await console.looker.get("policies/write", accept_language="ko")).text)
    assert "정책 작성" in page
