"""Every kind of detector can be made, and what cannot be made is said before anything is served."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.config.strict import Secret
from gateway.guards.checks.budget import Budget
from gateway.guards.checks.ports import Ports
from gateway.policy import checking
from gateway.policy.checking import Library, make_checks, without_library
from gateway.policy.finding import VERSIONS, patterns_of
from gateway.policy.kinds import KINDS
from tests.unit.guards.checks.ported import Model, ports
from tests.unit.policy.documents import one_policy, rule

SPECS: Mapping[str, Mapping[str, Any]] = {
    "pattern": {"match": "[0-9]{6}"},
    "keywords": {"words": ["pear"]},
    "personal": {},
    "secrets": {},
    "korean_rrn": {},
    "schema": {"schema": {"type": "object"}},
    "tool_args": {},
    "tool_permissions": {"deny": ["rm"]},
    "injection": {},
    "judge": {"model": "umpire", "rubric": "No fruit."},
    "length": {"max_chars": 5},
    "webhook": {"url": "https://hook.example/", "secret": Secret("canary-4711")},
    "moderation": {"model": "mod"},
}
HEAVY = {"presidio", "guardrails_ai"}


def using(spec: Mapping[str, Any], name: str = "p", **more: Any) -> Any:
    place = "tool_args" if str(spec["kind"]).startswith("tool_") else "content"
    return one_policy(rule(where=[place], **more), name=name, detectors={"d": dict(spec)})


def test_every_kind_there_is_has_code() -> None:
    assert VERSIONS.keys() == KINDS.keys() == SPECS.keys() | HEAVY


@pytest.mark.parametrize("kind", SPECS)
def test_a_kind_is_looked_for_by_patterns_or_by_a_check_and_never_by_nothing(kind: str) -> None:
    made = using({"kind": kind, **SPECS[kind]})
    (finder,) = made.rules[0].finders
    checks = make_checks([made], ports())
    assert bool(patterns_of(finder)) != (finder.digest in checks)
    assert checks.keys() <= {finder.digest}


@pytest.mark.parametrize("kind", HEAVY)
def test_a_kind_whose_library_is_missing_is_refused_with_the_extra_to_install(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = checking.LIBRARIES[kind].extra
    monkeypatch.setitem(checking.LIBRARIES, kind, Library("no_such_module_4711", extra))
    made = using({"kind": kind, **({"validator": "a:B"} if kind == "guardrails_ai" else {})})
    (sentence,) = without_library([made])
    assert sentence.startswith("policy p, detector `d`: ")
    assert f'pip install "haechi[{extra}]"' in sentence
    off = using({"kind": kind, **({"validator": "a:B"} if kind == "guardrails_ai" else {})}, mode="off")
    assert not without_library([off])


def test_importing_the_table_loads_no_library() -> None:
    code = (
        "import sys, gateway.policy.checking; print({'presidio_analyzer', 'guardrails', 'spacy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_cannot_be_made_is_named_with_its_policy() -> None:
    made = using({"kind": "guardrails_ai", "validator": "no_such_module_4711:Nothing"})
    with pytest.raises(ValueError, match=r"policy p, detector `d`: .*no_such_module_4711"):
        make_checks([made], ports())


def test_a_rule_that_is_off_needs_no_check() -> None:
    assert not make_checks([using({"kind": "judge", **SPECS["judge"]}, mode="off")], ports())


def test_a_budget_without_a_price_is_refused() -> None:
    made = using({"kind": "judge", **SPECS["judge"], "budget": 1.0})
    with pytest.raises(ValueError, match="umpire has a price"):
        make_checks([made], ports(most=None))
    assert make_checks([made], ports(most=5))


def test_a_budget_outlives_the_check() -> None:
    kept: dict[str, Budget] = {}
    given = ports(Model({}), most=1)

    def budget(digest: str, dollars: float) -> Budget:
        return kept.setdefault(digest, Budget(dollars, lambda: 0.0))

    for _ in range(2):
        make_checks(
            [using({"kind": "judge", **SPECS["judge"], "budget": 1.0})],
            Ports(given.ask, given.most_cost, budget, given.post, given.now),
        )
    assert len(kept) == 1


def test_two_secrets_for_one_address_are_refused_and_not_shown() -> None:
    one = using({"kind": "webhook", **SPECS["webhook"]})
    other = using({"kind": "webhook", **SPECS["webhook"], "secret": Secret("canary-4712")}, name="q")
    with pytest.raises(ValueError, match="another secret") as raised:
        make_checks([one, other], ports())
    assert "canary" not in str(raised.value)
    assert len(make_checks([one, using({"kind": "webhook", **SPECS["webhook"]}, name="q")], ports())) == 1


def test_what_is_slow_to_make_is_kept_and_what_holds_a_port_or_a_secret_is_made_anew() -> None:
    slow, quick = using({"kind": "presidio"}), using({"kind": "judge", **SPECS["judge"]}, name="q")
    first = make_checks([slow, quick], ports())
    second = make_checks([slow, quick], ports(), first)
    (heavy,), (light,) = ([one.digest for one in made.rules[0].finders] for made in (slow, quick))
    assert second[heavy] is first[heavy]
    assert second[light] is not first[light]
