"""Every snippet of the documentation runs, or says why it does not."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from gateway.app import ROWS
from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError
from gateway.simulator.script import load as load_script
from gateway.testing import run_policy_tests
from tests.support.gatewayprocess import GatewayProcess
from tests.support.pages import PAGES, Snippet, all_snippets, snippets

_WRITTEN_FOR: Final = "http://127.0.0.1:8080"
_RUN: Final = {"python": [sys.executable, "-W", "error"], "shell": ["bash", "-euo", "pipefail"]}
_KNOWN: Final = {"python", "shell", "yaml", "json", "text"}


def _fenced(*languages: str) -> list[object]:
    return [pytest.param(one, id=str(one)) for one in all_snippets(*languages)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_of_a_kind_that_is_tested(page: Path) -> None:
    unknown = [str(one) for one in snippets(page) if one.language not in _KNOWN]
    assert not unknown


@pytest.mark.parametrize("snippet", _fenced("python", "shell"))
def test_a_snippet_runs_as_it_stands(snippet: Snippet, gateway: GatewayProcess, tmp_path: Path) -> None:
    if snippet.why_not:
        pytest.skip(f"{snippet}: {snippet.why_not}")
    _write_files_before(snippet, tmp_path)
    script = tmp_path / "snippet"
    script.write_text(snippet.text.replace(_WRITTEN_FOR, gateway.url))
    ran = subprocess.run(
        [*_RUN[snippet.language], str(script)],
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if snippet.prints is not None:
        assert ran.stdout == snippet.prints


@pytest.mark.parametrize("snippet", _fenced("yaml"))
def test_a_configuration_loads(snippet: Snippet, tmp_path: Path) -> None:
    path = tmp_path / (snippet.title or "")
    assert snippet.title, 'say what it is: title="haechi.yaml", "script.yaml" or "policies/NAME.yaml"'
    _write(path, snippet.text)
    if snippet.title.startswith("policies/"):
        assert run_policy_tests([path], {}) > 0
        return
    if snippet.title == "wrong.yaml":
        with pytest.raises(ConfigError):
            load_with_files(path, {}, ROWS)
        return
    if snippet.title == "script.yaml":
        assert load_script(path).models
        return
    for name in re.findall(r"\$\{file:([^}]+)\}", snippet.text):
        _write(tmp_path / name.lstrip("/"), "secret")
        path.write_text(path.read_text().replace(f"file:{name}", f"file:{name.lstrip('/')}"))
    variables = dict.fromkeys(re.findall(r"\$\{([A-Z0-9_]+)\}", snippet.text), "value")
    loaded = load_with_files(path, variables, ROWS)
    assert loaded.config.models or loaded.config.providers or "models" not in snippet.text


@pytest.mark.parametrize("snippet", _fenced("json"))
def test_json_is_json(snippet: Snippet) -> None:
    for line in [snippet.text] if snippet.text.startswith("{\n") else snippet.text.splitlines():
        json.loads(line)


def _write_files_before(snippet: Snippet, folder: Path) -> None:
    """A file that a page shows is there for the commands below it."""
    for before in snippets(snippet.page):
        if before.line < snippet.line and before.title and before.language in ("yaml", "text", "python"):
            _write(folder / before.title, before.text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _environment() -> dict[str, str]:
    """The shell of somebody who has the virtual environment on the path and no keys."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
