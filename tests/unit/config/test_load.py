"""From file to `Config`: strict, all at once, and silent about secrets."""

import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config.departures import departures
from gateway.config.load import CONFIG, load
from gateway.config.mistakes import ConfigError, Mistake, spelled
from gateway.config.remains import Broken, mended
from gateway.config.schema import JsonSchema, Shape, json_schema
from gateway.config.strict import Secret
from tests.unit.config.planted import ENV, KINDS, SOUND

SHAPE = Shape(json_schema())
CANARY = "swordfish"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "haechi.yaml"


def refused(file: Path, text: str, env: dict[str, str] | None = None) -> ConfigError:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, ENV if env is None else env, kinds=KINDS)
    return caught.value


def test_a_sound_file_becomes_a_config(file: Path) -> None:
    file.write_text(SOUND)
    config = load(file, ENV, kinds=KINDS)
    assert config.secret == Secret("seal")
    assert config.models["fast"].targets[0].weight == 2.0
    assert config.providers["openai"].timeouts is not None
    assert config.providers["openai"].timeouts.connect == 5.0


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    file.write_text("# nothing yet\n")
    assert load(file, {}, kinds=KINDS).listen.port == 8080


def test_a_mistake_is_one_line_with_place_key_reason_and_suggestion() -> None:
    mistake = Mistake("haechi.yaml", 14, 5, "models.fast.strategy", "'weigthed' is not one of a, b", "weighted")
    assert str(mistake) == (
        "haechi.yaml:14: models.fast.strategy: 'weigthed' is not one of a, b; did you mean 'weighted'?"
    )
    assert str(Mistake("x.yaml", 0, 0, "", "cannot be read: no such file")) == "x.yaml: cannot be read: no such file"


def test_odd_keys_are_spelled_on_one_line() -> None:
    assert spelled(("models", "gpt-4.1", "targets", 0)) == 'models."gpt-4.1".targets[0]'
    assert spelled(("a\nb", "", "x y")) == '"a\\nb"."".' + '"x y"'
    assert len(spelled(("k" * 1000,))) < 100


def test_mistakes_are_sorted_by_line(file: Path) -> None:
    error = refused(file, "models: []\nlisten: {prot: 1}\nkeys: [{}]\n")
    assert [one.line for one in error.mistakes] == [1, 2, 3, 3]
    assert str(error).splitlines() == [str(one) for one in error.mistakes]


UNPARSABLE = ("secret: 'swordfish", "secret: |\n swordfish\nswordfish")


@pytest.mark.parametrize(
    "text",
    [
        *UNPARSABLE,
        "secret: 7\nlisten: {host: '${X}', port: '${X}'}",
        "providers: {a: {api_key: [swordfish]}}",
        "providers: {a: {api_key: {swordfish: 1, swordfish: 2, b: '${NONE}'}}}",
        "providers: {a: {kind: '${X}', base_url: '${X}', zone: '${X}'}}",
        "models: {m: {strategy: '${X}', targets: [{provider: '${X}', model: 'a-${X}*'}], fallbacks: {failure: ['${X}']}}}",
        "keys: [{name: '${X}', hash: '${X}', models: ['${X}']}, {name: '${X}', hash: '${X}'}]",
        "listen: {host: '${X}'}",
        "retry: {attempts: '${X}'}\n'${X}': 1",
        "secret: *swordfish",
        "secret: !swordfish x",
        "secret: ${swordfish!}",
        "providers: {a: {headers: {h: [swordfish]}}}",
    ],
)
def test_secrets_and_values_from_outside_are_never_shown(text: str, file: Path) -> None:
    error = refused(file, text, {"X": CANARY})
    assert text in UNPARSABLE or not [one for one in error.mistakes if "not YAML" in one.message]
    shown = [str(error), repr(error), *map(repr, error.mistakes), "".join(traceback.format_exception(error))]
    assert not [one for one in shown if CANARY in one]


def test_a_config_does_not_print_its_secrets(file: Path) -> None:
    file.write_text("secret: ${X}\nproviders: {openai: {api_key: ${X}, headers: {a: ${X}}}}".replace("${X}", "'${X}'"))
    config = load(file, {"X": CANARY}, kinds=KINDS)
    assert CANARY not in repr(config)
    assert config.providers["openai"].headers["a"].reveal() == CANARY


yamlish = st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"# \n~0.${}"), max_size=80)
edits = st.tuples(st.integers(0, len(SOUND)), st.integers(0, 40), st.text(max_size=8) | yamlish)


anything = st.text(max_size=200) | yamlish | edits.map(lambda one: SOUND[: one[0]] + one[2] + SOUND[one[0] + one[1] :])


@given(text=anything)
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_config_or_a_config_error(text: str, file: Path) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    said: list[str] | None = None
    try:
        load(file, ENV, kinds=KINDS)
    except ConfigError as error:
        said = [str(one) for one in error.mistakes]
    if said is not None:
        assert said
        assert not [one for one in said if "\n" in one or "does not fit the schema" in one]


def values(schema: JsonSchema) -> st.SearchStrategy[Any]:
    """Data that mostly fits the schema, with parts that do not."""
    odd = st.sampled_from([None, True, 0, -1, 1.5, 10**6, "", "x", [], {}, ["x"], {"x": 1}])
    options = [_fitting(one) for one in SHAPE.opened(schema)]
    return st.integers(0, 9).flatmap(lambda dice: odd if dice == 0 else st.one_of(options))


def _fitting(schema: JsonSchema) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "object" and "properties" in schema:
        inside = {name: values(one) for name, one in schema["properties"].items()}
        needed = {name: inside.pop(name) for name in schema["required"]}
        return st.fixed_dictionaries(needed, optional=inside)
    if kind == "object":
        return st.dictionaries(st.sampled_from("abc"), values(schema["additionalProperties"]), max_size=2)
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=2)
    plain = {"string": "x", "integer": 1, "number": 0.5, "boolean": True, "null": None}
    return st.sampled_from([plain[kind], *schema.get("examples", [])])


@given(values(SHAPE.schema))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_schema_and_structs_agree_and_what_is_mended_decodes(data: Any) -> None:
    broken = Broken()
    found = departures(data, SHAPE, broken)
    assert (CONFIG.decoded(data) is None) == bool(found)
    assert CONFIG.decoded(mended(data, broken, SHAPE)) is not None


@pytest.mark.parametrize("name", sorted(SHAPE.schema["$defs"]))
def test_every_field_can_be_stood_in_for(name: str) -> None:
    properties = SHAPE.schema["$defs"][name]["properties"]
    for key, schema in properties.items():
        whole = {"$defs": SHAPE.schema["$defs"], **schema}
        assert departures(mended(None, Broken([()]), Shape(whole)), Shape(whole), Broken()) == [], key


def imported(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=200)
    return set(done.stdout.split())


def test_the_structs_cost_neither_yaml_nor_jsonschema() -> None:
    assert not imported("gateway.config.structs") & {"yaml", "jsonschema"}


def test_a_file_without_mistakes_costs_no_jsonschema(tmp_path: Path) -> None:
    file = tmp_path / "haechi.yaml"
    file.write_text("listen: {port: 1}")
    code = (
        "import sys; from pathlib import Path; from gateway.config.load import load; "
        "load(Path(sys.argv[1]), {}, kinds=[]); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True, timeout=200
    )
    assert "yaml" in done.stdout.split()
    assert "jsonschema" not in done.stdout.split()


def test_the_decoder_takes_secrets_only_as_text() -> None:
    assert CONFIG.decoded({"secret": 7}) is None
    assert CONFIG.decoded({"secret": "x"}) == msgspec.convert({"secret": Secret("x")}, type(CONFIG.decoded({})))
