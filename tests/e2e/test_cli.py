"""The command as a new user types it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gatewayprocess import running, written

_EIGHT_MISTAKES = """\
listen: {host: 0.0.0.0}
timeouts: {conect: 3}
providers:
  openai: {api_key: "${HAECHI_TEST_NOT_SET}"}
  local: {kind: vlm, base_url: http://127.0.0.1:9000/v1}
models:
  fast:
    targets: [{provider: opnai, model: gpt}]
    strategy: weigthed
    fallbacks: {failure: [slwo]}
  slow:
    targets: [{provider: local, model: m, weight: heavy}]
"""


def haechi(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=folder,
        env=os.environ if folder is None else {**os.environ, "XDG_STATE_HOME": str(folder)},
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("schema",),
        ("key",),
        ("check", "haechi.yaml"),
        ("policy", "schema"),
        ("cache", "eval", "--log", "pairs.jsonl"),
        ("cache", "eval", "--log", "pairs.jsonl", "--json"),
    ],
)
@pytest.mark.parametrize("errors_too", [False, True])
def test_every_command_ends_quietly_where_nobody_reads_on(
    arguments: tuple[str, ...], errors_too: bool, tmp_path: Path
) -> None:
    """The status tells that it was not done, so nobody takes a `yes` from it."""
    (tmp_path / "haechi.yaml").write_text(
        "providers: {s: {kind: simulated, base_url: http://h/v1}}\nmodels: {m: {targets: [{provider: s, model: m}]}}\n"
    )
    rows = [{"text_a": f"Where is {one}?", "text_b": f"where is {one}", "duplicate": True} for one in range(50)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "gateway.cli", *arguments],
            stdout=writes,
            stderr=writes if errors_too else subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=60,
            check=False,
        )
    finally:
        os.close(writes)
    assert done.returncode == 141 or arguments == ("--help",)  # without buffers argparse meets it, and goes on
    assert not done.stderr


def test_what_is_printed_at_the_start_answers_when_it_is_pasted(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        lines = gateway.greeting.splitlines()
        curl = next(line for line in lines if line.startswith("curl "))
        python = next(line for line in lines if line.startswith("python3 "))
        whole = _pasted(curl)
        assert json.loads(whole)["choices"][0]["message"]["content"] == "You said: Hello"
        assert _pasted(python.replace("python3", sys.executable, 1)) == "You said: Hello\n"
        streamed = _pasted(
            curl.replace("curl ", "curl -N -H 'x-haechi-cache: bypass' ", 1).replace(
                '{"model"', '{"stream": true, "model"'
            )
        )
        assert streamed.endswith("data: [DONE]\n\n")
        pieces = re.findall('"content":"([^"]*)"', streamed)
        assert "".join(pieces) == "You said: Hello"
        assert len([piece for piece in pieces if piece]) > 2


def test_a_line_that_is_printed_at_the_start_shows_a_number_becoming_a_placeholder_and_coming_back(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as gateway:
        _, curl = (line for line in gateway.greeting.splitlines() if line.startswith("curl "))
        message = json.loads(_pasted(curl))["choices"][0]["message"]
        assert re.fullmatch("The user said: 제 번호는 <KR_PHONE_[a-z2-7]{10}>입니다", message["reasoning_content"])
        assert message["content"] == "You said: 제 번호는 010-1234-5678입니다"


def test_a_line_that_is_printed_at_the_start_shows_the_same_question_answered_once(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        line = next(line for line in gateway.greeting.splitlines() if line.startswith("for "))
        assert _pasted(line).split() == ["x-haechi-cache:", "miss", "x-haechi-cache:", "hit"]


def test_check_names_all_eight_mistakes_at_once_with_line_and_suggestion(tmp_path: Path) -> None:
    (tmp_path / "haechi.yaml").write_text(_EIGHT_MISTAKES)
    done = haechi("check", folder=tmp_path)
    assert done.returncode == 1
    said = {line.split(":")[1]: line for line in done.stderr.splitlines() if line.startswith("haechi.yaml:")}
    assert set(said) == {"1", "2", "4", "5", "8", "9", "10", "12"}
    assert "did you mean 'connect'" in said["2"]
    assert "HAECHI_TEST_NOT_SET" in said["4"]
    assert "did you mean 'vllm'" in said["5"]
    assert "did you mean 'openai'" in said["8"]
    assert "did you mean 'weighted'" in said["9"]
    assert "did you mean 'slow'" in said["10"]


def test_serve_refuses_the_same_file_in_the_same_words(tmp_path: Path) -> None:
    (tmp_path / "haechi.yaml").write_text(_EIGHT_MISTAKES)
    checked = haechi("check", folder=tmp_path)
    served = haechi("serve", folder=tmp_path)
    assert served.returncode == 1
    assert served.stderr == checked.stderr


def test_check_of_a_good_file_says_what_it_offers(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"providers": {"simulated": {}}, "models": {"demo": {"targets": [{"provider": "simulated", "model": "demo"}]}}},
    )
    done = haechi("check", str(path))
    assert done.returncode == 0
    assert "demo" in done.stdout


def test_a_file_that_offers_nothing_is_no_good_file(tmp_path: Path) -> None:
    path = tmp_path / "haechi.yaml"
    path.write_text("")
    assert haechi("check", str(path)).returncode == haechi("check", "--config", str(path)).returncode == 1


def test_a_key_and_its_hash_belong_together() -> None:
    key, hashed = (line.split()[1] for line in haechi("key").stdout.splitlines())
    assert key.startswith("hk-")
    assert len(hashed) == len("sha256:") + 64
    assert haechi("key").stdout.split()[1] != key


def test_the_printed_schema_is_the_one_that_editors_get() -> None:
    assert haechi("schema").stdout == Path("deploy/haechi.schema.json").read_text()


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        port = gateway.url.rsplit(":", 1)[1]
        done = haechi("serve", "--port", port, folder=tmp_path)
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr


def _pasted(line: str) -> str:
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30, check=True).stdout


def test_a_record_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, {"record": {"file": str(tmp_path / "missing" / "records.jsonl")}})
    done = haechi("serve", "--port", "0", "--config", str(path))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"{path}: record.file: {tmp_path}/missing/records.jsonl cannot be opened for writing: No such"
    )
