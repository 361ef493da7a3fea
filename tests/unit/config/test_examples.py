"""The shipped examples load, and the editor hint in them leads to the schema of today."""

from pathlib import Path

import jsonschema
import pytest

from gateway.config.load import load
from gateway.config.schema import json_schema, schema_text
from gateway.config.strict import Secret
from gateway.upstream.providers import PROVIDERS

DEPLOY = Path(__file__).parents[3] / "deploy"
EXAMPLES = sorted((DEPLOY / "examples").glob("*.yaml"))
SCHEMA = DEPLOY / "haechi.schema.json"
HINT = "# yaml-language-server: $schema="
ENV = {
    "OPENAI_API_KEY": "a",
    "ANTHROPIC_API_KEY": "b",
    "MISTRAL_API_KEY": "c",
    "AZURE_OPENAI_API_KEY": "d",
}
ZONES = {name: row.zone for name, row in PROVIDERS.items()}
WITHOUT_ADDRESS = {name for name, row in PROVIDERS.items() if row.base_url is None}


def test_the_three_examples_are_there() -> None:
    assert [path.stem for path in EXAMPLES] == ["minimal", "self-hosted", "vendors"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_loads(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_text(path.read_text())
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "seal").write_text("sealed\n")
    config = load(copy, ENV, kinds=PROVIDERS, zones=ZONES, without_address=WITHOUT_ADDRESS)
    assert config.models
    if path.stem == "self-hosted":
        assert config.secret == Secret("sealed")
        assert config.providers["vllm-1"].api_key is None
    if path.stem == "vendors":
        assert config.listen.port == 8080


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_begins_with_a_hint_that_leads_to_the_schema(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith(HINT)
    assert (path.parent / first.removeprefix(HINT)).resolve() == SCHEMA.resolve()


def test_the_schema_file_is_up_to_date() -> None:
    assert SCHEMA.read_text() == schema_text(), "run: haechi schema > deploy/haechi.schema.json"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
