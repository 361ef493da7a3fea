"""`haechi policy diff` and `explain` as processes, on the policies that come with the gateway."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.shipped import FOLDER

PHONE = "010-7391-2846"
RESIDENT = "900113-1123451"
EMAIL = "seol.canary@planted.co.kr"
SAID = f"제 번호는 {PHONE}이고 {EMAIL}로, {RESIDENT}입니다"
TRACES = ("010-73", "7391", "seol", "canary", "planted", "900113", "제 번호는", "입니다")


def haechi(folder: Path, *arguments: str, given: str = "") -> tuple[int, str, str]:
    """Status, standard output and standard error of `haechi policy …`."""
    command = [sys.executable, "-m", "gateway.cli", "policy", *arguments]
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped policies twice, and traffic that some of them speak to."""
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        for path in FOLDER.glob("*.yaml"):
            shutil.copy(path, tmp_path / name)
    lines: list[dict[str, Any]] = [
        {"id": "r1", "request": {"model": "gpt-5", "messages": [{"role": "user", "content": SAID}]}},
        {
            "id": "r2",
            "surface": "messages",
            "request": {"max_tokens": 9, "messages": [{"role": "user", "content": SAID}]},
        },
        {"id": "r3", "surface": "embeddings", "request": {"input": "hello"}},
        {"input": "hello", "model": "m"},
    ]
    (tmp_path / "traffic.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def planted(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "after" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_set_does_not_differ_from_itself(folder: Path) -> None:
    status, out, err = haechi(folder, "diff", "before", "after", "--traffic", "traffic.jsonl", "--fail-on", "any")
    assert (status, err) == (0, "")
    assert out.startswith("what is written does not differ\n4 requests judged, 0 changed\n")
    assert "requests per second" in out


def test_a_planted_looser_rule_is_named_and_fails(folder: Path) -> None:
    planted(folder, "pii-korea.yaml", 'action: {mask: {with: "[{kind}]"}}', "action: log")
    command = ["diff", "before", "after", "--traffic", "traffic.jsonl"]
    status, out, err = haechi(folder, *command, "--fail-on", "looser")
    assert (status, err) == (1, "")
    assert "  looser    rule pii-korea/registration-numbers-need-a-basis: action: mask -> log\n" in out
    assert "  looser    traffic.jsonl:1 (r1): passes as before\n" in out
    assert "pii-korea/registration-numbers-need-a-basis in user: KR_RRN mask 1 -> log 1\n" in out
    assert "4 requests judged, 2 changed: 2 otherwise\n" in out
    assert not [trace for trace in TRACES if trace in out]
    assert haechi(folder, *command)[0] == 0
    status, out, _ = haechi(
        folder, "diff", "after", "before", "--traffic", "traffic.jsonl", "--fail-on", "looser", "--json"
    )
    assert status == 0
    found = json.loads(out)
    assert [one["way"] for one in found["changed"]] == ["stricter", "stricter"]
    assert found["by_rule"] == {"pii-korea/registration-numbers-need-a-basis": 2}
    assert not [trace for trace in TRACES if trace in out]


def test_without_traffic_it_says_what_is_written_differently(folder: Path) -> None:
    (folder / "after" / "secrets.yaml").unlink()
    status, out, err = haechi(folder, "diff", "before", "after", "--fail-on", "looser")
    assert (status, err) == (1, "")
    assert "  looser    policy secrets removed\n" in out
    assert "judged" not in out


def test_mistakes_are_named_as_lint_and_test_name_them(folder: Path) -> None:
    planted(folder, "secrets.yaml", "detect: [secrets, credentials]", "detect: [secret]")
    (folder / "before" / "agents.yaml").write_text("haechi: policy/v1\nname: agents\nrule: []\n")
    status, out, err = haechi(folder, "diff", "before", "after", "--traffic", "traffic.jsonl")
    assert (status, out) == (1, "")
    assert "after/secrets.yaml:" in err
    assert "did you mean 'secrets'?" in err
    assert "before/agents.yaml:3: rule: " in err


def test_mistakes_in_the_traffic_are_named_by_line(folder: Path) -> None:
    with (folder / "traffic.jsonl").open("a") as file:
        file.write(f'{{"request": "{EMAIL}"}}\n{EMAIL}\n')
    status, out, err = haechi(folder, "diff", "before", "after", "--traffic", "traffic.jsonl")
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "traffic.jsonl:5: request: must be there, as an object: the body of a request",
        "traffic.jsonl:6: is no JSON; write one object on one line",
    ]
    missing = haechi(folder, "diff", "before", "after", "--traffic", "nothing.jsonl")
    assert missing == (1, "", "nothing.jsonl: cannot be read: No such file or directory\n")


def test_why_a_request_is_changed_is_explained_without_a_word_of_it(folder: Path) -> None:
    status, out, err = haechi(folder, "explain", "before", "--request", "traffic.jsonl", "--line", "1")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "traffic.jsonl:1 (r1): passes"
    assert "  screened for zone external and internal" in lines
    assert "  pii-korea v1 applies: zones: wants external, here external, internal" in lines
    assert "  secrets v1 does not apply: it is bound by name, and x-haechi-policy does not ask for it" in lines
    assert "  messages.0.content [6:19] KR_PHONE: pii-korea/tokenize-korean-data (tokenize)" in lines
    at = lines.index("  messages.0.content [50:64] KR_RRN: pii-korea/registration-numbers-need-a-basis (mask)")
    assert lines[at + 1] == "    over pii-korea/tokenize-korean-data: `mask` is stricter than `tokenize`"
    assert not [trace for trace in TRACES if trace in out]


def test_a_request_over_standard_input_and_its_answer_are_explained(folder: Path) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Which key?"}]}, indent=2)
    key = "ghp" + "_R7kQ2mZx9LpW4tVb8NcY1sDf6HjG3aEu5TqK"
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    pieces = [{**chunk, "choices": [{"index": 0, "delta": {"content": one}, "finish_reason": None}]} for one in (key[:9], key[9:])]  # fmt: skip
    pieces.append({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    (folder / "answer.jsonl").write_text("".join(json.dumps(one) + "\n" for one in pieces))
    status, out, err = haechi(folder, "explain", "before", "--answer", "answer.jsonl", "--json", given=body)
    assert (status, err) == (0, "")
    (decision,) = json.loads(out)["decisions"]
    assert decision == {
        "where": "choice 0", "span": [0, len(key)], "kind": "GITHUB_TOKEN",
        "rule": "baseline/no-keys-in-answers", "effect": "mask", "over": [],
    }  # fmt: skip
    assert key[4:12] not in out


def test_what_the_model_sees_is_shown_where_it_is_asked_for(folder: Path) -> None:
    command = ["explain", "before", "--request", "traffic.jsonl", "--line", "1", "--show-text"]
    _, out, _ = haechi(folder, *command)
    assert out.endswith("  messages.0.content: '제 번호는 [KR_PHONE]이고 [EMAIL_ADDRESS]로, [KR_RRN]입니다'\n")


def test_the_policies_of_a_configuration_are_explained_with_its_models_and_exemptions(folder: Path) -> None:
    (folder / "haechi.yaml").write_text(
        "providers: {simulated: {}}\n"
        "models: {near: {targets: [{provider: simulated, model: demo}]}}\n"
        f'keys: [{{name: desk, team: payroll, hash: "sha256:{"1" * 64}"}}]\n'
        "policies:\n"
        '  files: ["haechi:pii-korea"]\n'
        "  exempt: [{name: slips, policy: pii-korea, rule: registration-numbers-need-a-basis, team: payroll, reason: a law}]\n"
    )
    asked = {"key": "desk", "request": {"model": "near", "messages": [{"role": "user", "content": SAID}]}}
    status, out, err = haechi(folder, "explain", given=json.dumps(asked))
    assert (status, err) == (0, "")
    assert out.startswith("standard input:1: passes\n")
    assert "  screened for zone internal\n" in out
    assert "  pii-korea v1 does not apply: zones: wants external, here internal\n" in out
    asked["request"]["model"] = "far"  # type: ignore[index]  # of an object
    _, out, _ = haechi(folder, "explain", given=json.dumps(asked))
    assert "not judged" not in out
    assert "  exemption slips: without pii-korea/registration-numbers-need-a-basis\n" in out
