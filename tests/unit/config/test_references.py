"""Names that must lead somewhere, and settings that must fit each other."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.load import load_with_files
from gateway.config.mistakes import ConfigError, nearest
from gateway.config.references import is_loopback, references
from gateway.config.structs import Config, Fallbacks, Model, Provider, Target
from gateway.config.subject import Named, Rows, matched

ROWS = Rows(
    kinds=["openai", "vllm", "azure"],
    zones={"openai": "external", "vllm": "internal"},
    without_address=["azure", "vllm"],
)
HASH = "sha256:" + "1" * 64


def said(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "haechi.yaml"
    file.write_text(text)
    try:
        load_with_files(file, {}, ROWS)
    except ConfigError as error:
        return [str(one).removeprefix(f"{file}:") for one in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST")],
        *[(host, False) for host in ("0.0.0.0", "::", "", "10.0.0.1", "localhost.example.com")],
    ],
)
def test_only_loopback_needs_no_keys(host: str, loopback: bool, tmp_path: Path) -> None:
    assert is_loopback(host) == loopback
    found = said(tmp_path, f"listen:\n  host: '{host}'")
    assert ["anyone who reaches the port could spend the vendor credit" in one for one in found] == [True] * (
        not loopback
    )
    assert said(tmp_path, f"listen: {{host: '{host}'}}\nkeys: [{{name: a, hash: '{HASH}'}}]") == []


CASES = {
    "the same hash twice": (
        f"keys:\n- {{name: a, hash: '{HASH}'}}\n- {{name: b, hash: '{HASH}'}}",
        ["3: keys[1].hash: is the hash of another key too"],
    ),
    "a star inside a key's model": (
        f"keys:\n- {{name: a, hash: '{HASH}', models: ['a*b']}}",
        ["2: keys[0].models[0]: 'a*b' has a `*` before its end"],
    ),
    "a row that needs an address": ("providers:\n  azure: {}", ["2: providers.azure: has no address of its own"]),
    "a kind that needs an address": ("providers:\n  x: {kind: vllm}", ["2: providers.x: has no address of its own"]),
    "neither row nor address": (
        "providers:\n  openia: {}",
        ["2: providers.openia: is no row of the provider table; give `kind` or `base_url`; did you mean 'openai'?"],
    ),
    "an address makes up for the row": ("providers: {own: {base_url: 'http://x'}}", []),
    "an address does not make up for a wrong kind": (
        "providers:\n  own: {base_url: 'http://x', kind: vlm}",
        ["2: providers.own.kind: 'vlm' is no row of the provider table; did you mean 'vllm'?"],
    ),
    "no region is no region asked for": (
        "providers: {openai: {}}\nmodels:\n  m:\n    regions: [eu]\n    targets: [{provider: openai, model: x}]",
        ["4: models.m.regions: leaves no target"],
    ),
    "the zone of the row counts": (
        "providers: {openai: {}}\nmodels:\n  m:\n    zones: [internal]\n    targets: [{provider: openai, model: x}]",
        ["4: models.m.zones: leaves no target"],
    ),
    "an unknown row is external": (
        "providers: {own: {base_url: 'http://x'}}\nmodels:\n  m:\n    zones: [internal]\n    targets: [{provider: own, model: x}]",
        ["4: models.m.zones: leaves no target"],
    ),
    "a target's own zone and region win": (
        (
            "providers: {openai: {region: us}}\nmodels:\n  m:\n    zones: [internal]\n    regions: [kr]\n"
            "    targets: [{provider: openai, model: x, zone: internal, region: kr}]"
        ),
        [],
    ),
    "two filters that no target passes both": (
        (
            "providers: {openai: {}}\nmodels:\n  m:\n    zones: [internal]\n    regions: [kr]\n    targets:\n"
            "    - {provider: openai, model: x, region: kr}\n    - {provider: openai, model: x, zone: internal}"
        ),
        ["5: models.m.regions: leaves no target together with `zones`"],
    ),
    "two stars": (
        "providers: {openai: {}}\nmodels:\n  m*:\n    targets:\n    - {provider: openai, model: '*/*'}",
        ["5: models.m*.targets[0].model: '*/*' has more than one `*`"],
    ),
    "a wildcard may lead to one model": (
        "providers: {openai: {}}\nmodels: {'m*': {targets: [{provider: openai, model: x}]}}",
        [],
    ),
    "bounds that exclude everything": (
        (
            "providers: {openai: {}}\nmodels:\n  m:\n    strategy: conditional\n    targets:\n    - provider: openai\n      model: x\n"
            "      when:\n        min_tokens: 5\n        max_tokens: 4"
        ),
        ["9: models.m.targets[0].when.min_tokens: is more than `max_tokens`"],
    ),
    "a cycle through three": (
        (
            "providers: {openai: {}}\nmodels:\n"
            "  a: {targets: [{provider: openai, model: x}], fallbacks: {failure: [b]}}\n"
            "  b: {targets: [{provider: openai, model: x}], fallbacks: {context_length: [c/1]}}\n"
            "  c/*: {targets: [{provider: openai, model: x}], fallbacks: {content_filter: [a]}}"
        ),
        ["5: models.c/*.fallbacks.content_filter[0]: closes a cycle of fallbacks: a -> b -> c/* -> a"],
    ),
    "two ways to one place are no cycle": (
        (
            "providers: {openai: {}}\nmodels:\n"
            "  a: {targets: [{provider: openai, model: x}], fallbacks: {failure: [b, c]}}\n"
            "  b: {targets: [{provider: openai, model: x}], fallbacks: {failure: [c]}}\n"
            "  c: {targets: [{provider: openai, model: x}]}"
        ),
        [],
    ),
    "a misspelled section is one mistake": (
        "provider: {openai: {}}\nmodels: {m: {targets: [{provider: openai, model: x}]}}",
        ["1: provider: unknown key; did you mean 'providers'?"],
    ),
    "a section of the wrong type is one mistake": (
        "providers: [openai]\nmodels: {m: {targets: [{provider: openai, model: x}]}}",
        ["1: providers: must be a mapping, not a list"],
    ),
    "keys that cannot be read do not open the door": (
        "listen: {host: 0.0.0.0}\nkeys: none",
        ["2: keys: must be a list, not text"],
    ),
    "an exemption is for one caller": (
        (
            f"keys: [{{name: a, team: t, hash: '{HASH}'}}]\npolicies:\n  exempt:\n"
            "  - {name: x, policy: p, rule: r, reason: why}\n"
            "  - {name: y, policy: p, rule: r, reason: why, key: a, team: t}\n"
            "  - {name: y, policy: p, rule: r, reason: why, team: t}\n"
            "  - {name: z, policy: p, rule: r, reason: why, team: tt}"
        ),
        [
            "4: policies.exempt[0]: must be for one `key` or one `team`",
            "5: policies.exempt[1]: must be for one `key` or one `team`",
            "6: policies.exempt[2].name: 'y' is the name of another exemption too",
            "7: policies.exempt[3].team: 'tt' is the team of no key; did you mean 't'?",
        ],
    ),
    "secrets that protect nothing": (
        "secret: ''\nother_secrets:\n- ''\n- old\n- old",
        [
            "1: secret: is empty: anybody could seal ids with it",
            "3: other_secrets[0]: is empty: anybody could seal ids with it",
        ],
    ),
    "a Redis that is nowhere, and no secret": (
        "redis: {url: 'http://:geheim@host'}",
        ["1: redis: stands without `secret`", "1: redis.url: is no address of Redis; write `redis://"],
    ),
    "a ledger that is nowhere, with sums that end before its rows": (
        "ledger: {url: 'mysql://:geheim@host/ledger', sums_days: 3}",
        [
            "1: ledger.url: is no address of a ledger; write `sqlite:///",
            "1: ledger.sums_days: is shorter than `keep_days`",
        ],
    ),
    "a console where the API is": ("console: {path: /v1}", ["1: console.path: '/v1' is an address of the API"]),
    "a console where no browser goes": ("console: {path: /a/../b}", ["1: console.path: '/a/../b' has `.` or `..`"]),
    "a console beside the API": ("console: {path: /v1beta/..c}", []),
    "a cache of nobody's": (
        (
            "providers: {openai: {}}\nmodels: {fast: {targets: [{provider: openai, model: x}]}}\n"
            f"keys: [{{name: a, team: house, tags: [web], hash: '{HASH}'}}]\n"
            "cache:\n  backend: redis\n  models: [fats]\n  semantic:\n    classes:\n"
            "      one:\n        models: [fast, 'f*t']\n        teams: [hous]\n        tags: [web, wep]\n        reviewer: judge\n"
            "      two: {judge: fast}\n"
            "      three: {reviewer: judge, judge: fasd}\n"
            "      four: {reviewer: judge, judge: fast, models: ['fa*'], teams: [house]}\n"
            "      five: {reviewer_missed: 5, reviewer_of: 5, promote: true}\n"
            "      six: {reviewer: judge, judge: fast, promote: true}\n"
            "      seven: {reviewer: judge, judge: fast, promote: true, reviewer_missed: 4, reviewer_of: 5}"
        ),
        [
            "5: cache.backend: 'redis' needs a section `redis` with its `url`",
            "6: cache.models[0]: 'fats' matches no model; did you mean 'fast'?",
            "10: cache.semantic.classes.one.models[1]: 'f*t' has a `*` before its end",
            "11: cache.semantic.classes.one.teams[0]: 'hous' is the team of no key; did you mean 'house'?",
            "12: cache.semantic.classes.one.tags[1]: 'wep' is a tag of no key; did you mean 'web'?",
            "13: cache.semantic.classes.one.reviewer: 'judge' needs `judge`, the model that compares answers",
            "14: cache.semantic.classes.two.judge: is only read under `reviewer: judge`",
            "15: cache.semantic.classes.three.judge: 'fasd' is no model of this file; did you mean 'fast'?",
            "17: cache.semantic.classes.five.reviewer_missed: is all of `reviewer_of`, or more",
            "17: cache.semantic.classes.five.promote: needs `reviewer: judge`",
            "18: cache.semantic.classes.six.promote: needs `reviewer_of`",
        ],
    ),
    "an embedder of two models, abroad": (
        (
            "providers:\n  openai: {region: us}\n  vllm: {base_url: 'http://h/v1'}\nmodels:\n"
            "  house: {targets: [{provider: vllm, model: m}], zones: [internal]}\n"
            "  kr: {targets: [{provider: vllm, model: m, region: kr}], regions: [kr]}\n"
            "  any: {targets: [{provider: openai, model: m}]}\n"
            "  e:\n    targets:\n    - {provider: openai, model: x}\n    - {provider: openai, model: z}\n    fallbacks: {failure: [any]}\n"
            "cache:\n  semantic:\n    embedder: model:e\n    classes: {faq: {models: ['h*', kr, any]}, other: {models: [any]}}"
        ),
        [
            "11: models.e.targets[1].model: 'z' is another model than 'x'; this one embeds for the cache",
            "12: models.e.fallbacks: lead to other models; this one embeds for the cache",
            "15: cache.semantic.embedder: 'e' leads to regions that `models.kr` leaves out, whose questions it would see by the class `faq`",
            "15: cache.semantic.embedder: 'e' leads to zones that `models.house` leaves out",
        ],
    ),
    "an embedder that stays where its own model must": (
        (
            "providers: {openai: {}, vllm: {base_url: 'http://h/v1'}}\nmodels:\n"
            "  house: {targets: [{provider: vllm, model: m}], zones: [internal]}\n"
            "  'e-*': {targets: [{provider: openai, model: '*'}, {provider: vllm, model: '*'}], zones: [internal]}\n"
            "cache: {semantic: {embedder: 'model:e-small', dimensions: 64, classes: {faq: {}}}}"
        ),
        [],
    ),
    "embedders that are none": (
        "models: {}\ncache:\n  semantic: {embedder: 'model:e', classes: {}}",
        ["3: cache.semantic.embedder: 'e' is no model of this file"],
    ),
    "dimensions of nobody's": (
        "cache:\n  semantic: {dimensions: 8, classes: {}}",
        ["2: cache.semantic.dimensions: is only read under `embedder: model:NAME`"],
    ),
    "an embedder of no kind": (
        "cache:\n  semantic: {embedder: bert, classes: {}}",
        [
            "2: cache.semantic.embedder: must be `wordllama`, `model:NAME`, `fastembed:NAME` or `sentence-transformers:NAME`"
        ],
    ),
    "a file for what Redis keeps": (
        "redis: {url: 'redis://host'}\nsecret: one\ncache:\n  backend: redis\n  file: kept.cache",
        ["5: cache.file: 'kept.cache' is for `backend: memory`: Redis writes its own"],
    ),
    "other secrets, and none to make with": ("other_secrets: [old]", ["1: other_secrets: stands without `secret`"]),
    "behind a broken target the rest is read": (
        "providers: {openai: {}}\nmodels:\n  m:\n    targets:\n    - nonsense\n    - {provider: opnai}\n    fallbacks: {failure: [n]}",
        [
            "5: models.m.targets[0]: must be a mapping, not text",
            "6: models.m.targets[1]: the key `model` is missing",
            "6: models.m.targets[1].provider: 'opnai' does not stand in `providers`; did you mean 'openai'?",
            "7: models.m.fallbacks.failure[0]: 'n' is no model of this file",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_references(text: str, expected: list[str], tmp_path: Path) -> None:
    found = said(tmp_path, text)
    assert len(found) == len(expected), found
    for one, beginning in zip(found, expected, strict=True):
        assert one.startswith(beginning)


def test_without_zones_of_the_rows_an_unstated_zone_is_not_judged() -> None:
    models = {"m": Model(targets=[Target(provider="openai", model="x")], zones=["internal"])}
    config = Config(providers={"openai": Provider()}, models=models)
    assert references(config, Named(["m"], ["openai"]), Rows(["openai"])) == []


def test_a_name_leads_to_itself_or_to_the_longest_wildcard() -> None:
    models = ["*", "a/*", "a/b*", "a/b"]
    assert [matched(name, models) for name in ("a/b", "a/bc", "a/x", "z")] == ["a/b", "a/b*", "a/*", "*"]
    assert matched("z", models[1:]) is None


graphs = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3))


@given(graphs)
@settings(deadline=None)
def test_a_cycle_is_found_exactly_if_there_is_one(graph: dict[str, list[str]]) -> None:
    models = {
        name: Model(targets=[Target(provider="openai", model="x")], fallbacks=Fallbacks(failure=others))
        for name, others in graph.items()
    }
    config = Config(providers={"openai": Provider()}, models=models)
    found = [one.message for one in references(config, Named("abcdef", ["openai"]), Rows(["openai"]))]
    reachable = {name: set(others) & set(graph) for name, others in graph.items()}
    for middle in graph:
        for name in graph:
            if middle in reachable[name]:
                reachable[name] |= reachable[middle]
    assert bool([one for one in found if "cycle" in one]) == any(name in others for name, others in reachable.items())
    for one in found:
        way = one.partition(": ")[2].split(" -> ")
        assert way[0] == way[-1]
        assert all(after in graph[before] for before, after in pairwise(way))


@pytest.mark.parametrize(
    ("name", "meant"), [("weigthed", "weighted"), ("Weighted", "weighted"), ("least-busy", "least_busy"), ("zzz", None)]
)
def test_the_nearest_name_is_suggested(name: str, meant: str | None) -> None:
    assert nearest(name, ["weighted", "least_busy", "ordered"]) == meant


def test_an_endless_name_gets_no_suggestion() -> None:
    assert nearest("a" * 100_000, ["a" * 79]) is None
