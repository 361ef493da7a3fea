"""The policies that come with the gateway: they hold what their tests say, wherever the gateway is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from gateway.app import KNOWN_ENTITIES, ROWS, read_config
from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError
from gateway.config.schema import schema_text
from gateway.policy.bind import Facts, applies
from gateway.policy.lint import lint
from gateway.policy.load import load_files, load_policies
from gateway.policy.structs import json_schema
from gateway.shipped import FOLDER, shipped, shipped_names
from gateway.testing import run_policy_tests

ROOT = Path(__file__).parents[2]
NAMES = ["agents", "baseline", "injection", "pii-global", "pii-korea", "secrets", "structured-output"]
KOREAN = {chr(code) for code in range(0xAC00, 0xD7A4)}


def test_all_of_them_are_there() -> None:
    assert shipped_names() == NAMES
    assert all(shipped(name).is_file() for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_passes_its_tests_by_itself(name: str) -> None:
    assert run_policy_tests([shipped(name)], {}) >= 10


def test_all_of_them_pass_together() -> None:
    assert run_policy_tests([FOLDER], {}) >= 10 * len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_has_korean_tests_pieces_of_a_stream_or_calls_and_what_must_not_be_found(name: str) -> None:
    document = load_files([shipped(name)], {}, KNOWN_ENTITIES).documents[name]
    assert any(
        KOREAN & set(f"{case.say}{case.tool_result}{case.answer}{case.answer_chunks}") for case in document.tests
    )
    assert any(case.expect.found_by == [] for case in document.tests)
    assert {"messages", "responses"} & {case.surface for case in document.tests}
    assert document.description


def test_there_is_nothing_to_remark_on() -> None:
    found = load_files([shipped(name) for name in NAMES], {}, KNOWN_ENTITIES)
    assert lint(found.documents, found.policies) == []


def facts(zone: str) -> Facts:
    return Facts(models=frozenset({"any"}), surface="chat", zones=frozenset({zone}))  # type: ignore[arg-type]


def test_which_apply_by_themselves() -> None:
    policies = load_files([shipped(name) for name in NAMES], {}, KNOWN_ENTITIES).policies
    abroad = [name for name in NAMES if applies(policies[name].bind, facts("external"))]
    assert abroad == ["baseline", "pii-global", "pii-korea"]
    assert [name for name in NAMES if applies(policies[name].bind, facts("internal"))] == ["baseline"]


def test_without_a_configuration_two_apply_to_everything() -> None:
    read = read_config(None, {})
    assert list(read.policies) == ["baseline", "pii-korea"]
    assert all(applies(one.bind, facts(zone)) for one in read.policies.values() for zone in ("internal", "external"))


def test_a_configuration_names_them_without_a_path(tmp_path: Path) -> None:
    found = configured(tmp_path, '["haechi:pii-*", "haechi:baseline"]')
    assert sorted(found) == ["baseline", "pii-global", "pii-korea"]


def test_one_that_does_not_come_with_it_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"matches no file; did you mean 'haechi:baseline'\?"):
        configured(tmp_path, '["haechi:basline"]')


def configured(folder: Path, files: str) -> list[str]:
    path = folder / "haechi.yaml"
    path.write_text(f"policies: {{files: {files}}}\n")
    return list(load_policies(load_with_files(path, {}, ROWS), folder, {}, KNOWN_ENTITIES).policies)


def test_the_schema_for_editors_is_up_to_date() -> None:
    written = (ROOT / "deploy" / "policy.schema.json").read_text()
    assert written == schema_text(json_schema()), "run `haechi policy schema > deploy/policy.schema.json`"


@pytest.mark.parametrize("name", NAMES)
def test_editors_find_the_schema(name: str) -> None:
    first = shipped(name).read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../deploy/policy.schema.json"
    assert yaml.safe_load(shipped(name).read_text())["name"] == name


def test_an_installed_gateway_has_them(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=200)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")
    code = "from gateway.shipped import FOLDER, shipped_names; print(FOLDER, *shipped_names())"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, check=True, capture_output=True, text=True
    )
    assert said.stdout.split() == [str(tmp_path / "installed" / "gateway" / "policies"), *NAMES]
