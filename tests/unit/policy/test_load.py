"""Finding the files, and what is wrong between them and with haechi.yaml."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config.load import Loaded, load_with_files
from gateway.config.mistakes import ConfigError
from gateway.config.subject import Rows
from gateway.policy.load import LoadedPolicies, load_files, load_policies
from tests.unit.policy.planted import BASE, ENTITIES, SUPPORT

CONFIG = """\
keys: [{name: app, hash: "sha256:1111111111111111111111111111111111111111111111111111111111111111", team: support}]
providers: {openai: {}}
models: {fast: {targets: [{provider: openai, model: gpt}]}}
policies:
  files: [%s]
"""
POLICY = "haechi: policy/v1\nname: %s\ndetectors: {d: {kind: pattern, match: x}}\nrules: [{id: r, where: [user], detect: [d], action: block}]\n"
CANARY = "swordfish"


def load(folder: Path, globs: str = "p/*.yaml", more: str = "", env: dict[str, str] | None = None) -> LoadedPolicies:
    (folder / "haechi.yaml").write_text(CONFIG % globs + more)
    loaded: Loaded = load_with_files(folder / "haechi.yaml", {}, Rows(kinds=["openai"]))
    return load_policies(loaded, folder, env or {}, [])


def said(folder: Path, globs: str = "p/*.yaml", more: str = "") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, globs, more)
    return [str(one).removeprefix(f"{folder}/") for one in caught.value.mistakes]


def write(folder: Path, **texts: str) -> None:
    (folder / "p").mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / "p" / f"{name}.yaml").write_text(text)


def test_globs_start_at_the_configuration_and_a_file_counts_once(tmp_path: Path) -> None:
    folder = tmp_path / "odd [name]*"
    folder.mkdir()
    write(folder, a=POLICY % "a", b=POLICY % "b")
    found = load(folder, "p/*.yaml, p/a.yaml, '**/b.yaml'")
    assert list(found.policies) == ["a", "b"]


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a")
    assert list(load(tmp_path, str(tmp_path / "p" / "a.yaml")).policies) == ["a"]


def test_without_files_there_are_no_policies(tmp_path: Path) -> None:
    assert load(tmp_path, "").policies == {}


def test_a_glob_that_matches_nothing_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a")
    assert said(tmp_path, "p/*.yaml, q/*.yaml") == ["haechi.yaml:5: policies.files[1]: 'q/*.yaml' matches no file"]


def test_files_and_searched_folders_are_watched(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a")
    assert {tmp_path / "p", tmp_path / "p" / "a.yaml"} <= set(load(tmp_path).files)


def test_a_name_stands_once_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "same", b=POLICY % "same")
    assert said(tmp_path) == [
        f"p/b.yaml:2: name: 'same' is the name of the policy in {tmp_path}/p/a.yaml too; names must differ"
    ]


def test_an_unreadable_file_does_not_hide_what_is_wrong_in_others_nor_make_its_name_unknown(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="name: a\n\tversion: 1\n",
        b=POLICY.replace("kind: pattern", "kind: patern") % "b" + "extends: [a]\n",
    )
    found = said(tmp_path, more="  exempt: [{name: x, policy: a, rule: r, reason: why, key: app}]\n")
    assert [one.partition(": ")[0] for one in found] == ["p/a.yaml:2", "p/b.yaml:3"]


def test_what_a_child_would_loosen_is_not_judged_by_a_parent_that_is_broken(tmp_path: Path) -> None:
    child = POLICY.replace("detectors: {d: {kind: pattern, match: x}}\n", "") % "b" + "extends: [a]\n"
    write(tmp_path, a=POLICY.replace("[user]", "[usre]") % "a", b=child)
    assert [one.partition(": ")[0] for one in said(tmp_path)] == ["p/a.yaml:4"]
    write(tmp_path, a=POLICY.replace("[user]", "[user, system]") % "a")
    assert [one.partition(": ")[0] for one in said(tmp_path)] == ["p/b.yaml:3"]


def test_exemptions_must_be_from_a_rule_where_it_stands(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a", b="haechi: policy/v1\nname: b\nextends: [a]\n")
    exempt = "  exempt:\n" + "".join(
        f"  - {{name: {name}!, policy: {policy}, rule: {rule}, reason: why, key: app}}\n"
        for name, policy, rule in [("1", "a", "r"), ("2", "b", "r"), ("3", "a", "rr"), ("4", "c", "r")]
    )
    assert said(tmp_path, more=exempt) == [
        "haechi.yaml:8: policies.exempt[1].rule: 'r' is inherited; name the policy in which it stands, `a`",
        "haechi.yaml:9: policies.exempt[2].rule: 'rr' is no rule of the policy `a`; did you mean 'r'?",
        "haechi.yaml:10: policies.exempt[3].policy: 'c' is no policy",
    ]


def test_a_cycle_is_named_at_its_end(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a" + "extends: [b]\n", b=POLICY % "b" + "extends: [a]\n")
    assert said(tmp_path) == ["p/b.yaml:5: extends[0]: 'a' closes a cycle: a -> b -> a"]


def test_a_surface_that_is_named_must_carry_each_rule(tmp_path: Path) -> None:
    text = POLICY.replace("where: [user]", "where: [content, reasoning]") % "a"
    write(tmp_path, a=text + "bind: {surfaces: [chat, embeddings]}\n")
    [one] = said(tmp_path)
    assert one.startswith("p/a.yaml:4: rules[0].where: cannot run on `embeddings`")
    write(tmp_path, a=text)
    load(tmp_path)


def test_a_star_takes_the_surfaces_that_can_and_names_of_teams_are_never_everyone(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a" + "bind: {teams: [suport]}\n")
    [one] = said(tmp_path)
    assert one.endswith("'suport' is no team of any key in haechi.yaml; did you mean 'support'?")


def test_a_key_that_is_misspelled_in_bind_is_never_everyone(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY % "a" + "bind: {team: [support]}\n")
    assert said(tmp_path) == ["p/a.yaml:5: bind.team: unknown key; did you mean 'teams'?"]


def test_yaml_booleans_are_those_of_1_2(tmp_path: Path) -> None:
    write(tmp_path, a=POLICY.replace("kind: pattern, match: x", "kind: keywords, words: [off, no, on]") % "a")
    spec = load(tmp_path).documents["a"].detectors["d"]
    assert getattr(spec, "words", None) == ["off", "no", "on"]
    write(tmp_path, a=POLICY % "a" + "defaults: {mode: off}\n")
    assert load(tmp_path).policies["a"].rules[0].mode == "off"


def test_no_secret_is_printed(tmp_path: Path) -> None:
    hook = "kind: webhook, url: http://127.0.0.1/, secret: '${SEAL}', timeout: 1"
    write(tmp_path, a=POLICY.replace("kind: pattern, match: x", hook) % "a")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, env={"SEAL": CANARY})
    assert CANARY not in str(caught.value)
    write(tmp_path, a=POLICY.replace("kind: pattern, match: x", hook.replace(", timeout: 1", "")) % "a")
    found = load(tmp_path, env={"SEAL": CANARY})
    assert CANARY not in repr(found.documents) + repr(found.policies)


def test_without_a_configuration_its_names_are_not_judged(tmp_path: Path) -> None:
    text = POLICY.replace("action: block", "action: {route: {model: nowhere}}") % "a"
    write(tmp_path, a=text + "bind: {teams: [whoever], models: [gpt]}\n")
    assert list(load_files([tmp_path / "p" / "a.yaml"], {}, []).policies) == ["a"]
    assert len(said(tmp_path)) == 3


YAMLISH = st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"# \n~0.${}"), max_size=60)
EDITS = st.tuples(st.integers(0, len(SUPPORT)), st.integers(0, 40), st.text(max_size=8) | YAMLISH)
ANYTHING = (
    st.text(max_size=100) | YAMLISH | EDITS.map(lambda one: SUPPORT[: one[0]] + one[2] + SUPPORT[one[0] + one[1] :])
)


@given(text=ANYTHING)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_policy_or_a_list_of_mistakes(text: str, tmp_path: Path) -> None:
    write(tmp_path, base=BASE)
    (tmp_path / "p" / "any.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    said: list[str] = []
    try:
        found = load_files([tmp_path / "p" / "base.yaml", tmp_path / "p" / "any.yaml"], {}, ENTITIES)
        assert len(found.policies) == len(found.documents) == 2
    except ConfigError as error:
        said = [str(one) for one in error.mistakes] or [""]
    assert not [one for one in said if not one or "\n" in one or "does not fit the schema" in one]
