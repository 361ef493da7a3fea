"""`haechi policy`: mistakes on standard error, remarks on standard output, and a status that says which."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.cli import main
from gateway.policy.structs import json_schema

CONFIG = """\
keys: [{name: app, hash: "sha256:1111111111111111111111111111111111111111111111111111111111111111", team: support}]
providers: {openai: {api_key: x}}
models: {fast: {targets: [{provider: openai, model: gpt}]}}
policies: {files: [policies/*.yaml]}
"""
SOUND = """\
haechi: policy/v1
name: base
detectors: {code: {kind: pattern, match: 'INT-[0-9]{6}'}}
rules:
  - {id: no-codes, where: [user, content], detect: [code], action: block}
tests:
  - {name: a code, say: INT-123456, expect: {blocked_by: no-codes}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "haechi.yaml").write_text(CONFIG)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "base.yaml").write_text(SOUND)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "policies" / "base.yaml"


def test_a_good_policy_is_called_good(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "lint", "--strict"]) == 0
    assert capsys.readouterr() == ("good: base\nbase/no-codes: proven at content\n", "")


def test_what_each_rule_promises_on_a_stream_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(
        SOUND.replace(
            "'INT-[0-9]{6}'}", "'INT-[0-9]{6}'}, orders: {kind: injection}, long: {kind: length, max_chars: 9}"
        ).replace(
            "rules:\n",
            "rules:\n  - {id: a, where: [content, user], detect: [orders, code], action: log, guarantee: segment}\n"
            "  - {id: b, where: [reasoning], detect: [long], action: log}\n"
            "  - {id: c, where: [user], detect: [orders], action: log}\n"
            "  - {id: d, where: [refusal], detect: [orders], action: log, mode: shadow}\n",
        )
    )
    assert main(["policy", "lint"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("base/")]
    assert told == ["base/a: segment at content", "base/b: full at reasoning", "base/no-codes: proven at content"]


def test_a_mistake_ends_with_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(SOUND + "bind: {teams: [suport]}\n")
    assert main(["policy", "lint"]) == 1
    message = "bind.teams[0]: 'suport' is no team of any key in haechi.yaml; did you mean 'support'?"
    assert capsys.readouterr() == ("", f"policies/base.yaml:8: {message}\n")


def test_remarks_only_count_under_strict(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(SOUND.replace("'INT-[0-9]{6}'}", "'INT-[0-9]{6}'}, idle: {kind: secrets}"))
    assert main(["policy", "lint"]) == 0
    assert main(["policy", "lint", "--strict"]) == 1
    told = "policies/base.yaml:3: detectors.idle: is used by no rule\nbase/no-codes: proven at content\n"
    assert capsys.readouterr() == (told * 2, "")


def test_what_cannot_be_run_is_a_mistake(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(SOUND.replace("kind: pattern, match: 'INT-[0-9]{6}'", "kind: guardrails_ai, validator: x"))
    status = main(["policy", "lint"])
    said = capsys.readouterr().err
    assert status == int("no code for detector `code` of kind `guardrails_ai`" in said)


def test_files_are_judged_by_the_configuration_if_there_is_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text(SOUND + "bind: {teams: [suport]}\n")
    assert main(["policy", "lint", str(here)]) == 1
    Path("haechi.yaml").rename("other.yaml")
    assert main(["policy", "lint", str(here)]) == 0
    assert main(["policy", "lint", "--config", "other.yaml", str(here)]) == 1
    assert main(["policy", "lint"]) == 1
    assert "haechi.yaml: cannot be read" in capsys.readouterr().err


def test_coverage_shows_what_is_looked_at_and_no_more(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage"]) == 0
    head, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert head == ["policy", "rule", "surface", "place", "unary", "stream", "guarantee"]
    assert ["base", "no-codes", "chat", "content", "enforced", "enforced", "proven"] in rows
    assert ["base", "no-codes", "embeddings", "user", "enforced", "-", "-"] in rows
    assert ["base", "no-codes", "batches", "user", "refused", "-", "-"] in rows
    assert not [row for row in rows if "absent" in row or row[3] == "system"]


def test_coverage_ends_quietly_where_nobody_reads_on(here: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli", "policy", "coverage", str(here)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(30)) == (b"", 141)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == msgspec.json.decode(msgspec.json.encode(json_schema()))
