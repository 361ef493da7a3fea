"""Policies whose detectors come from other distributions: read, refused with the line, and bound as ours are."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import plugins
from gateway.config.mistakes import ConfigError
from gateway.guards.guests import GuestCheck
from gateway.plugins import PluginFailed
from gateway.policy.bind import Binder, Facts
from gateway.policy.checking import make_checks
from gateway.policy.finding import VERSIONS, patterns_of
from gateway.policy.kinds import KINDS, Kind
from gateway.policy.load import LoadedPolicies, load_files
from gateway.policy.plugged import installed as all_installed
from gateway.policy.plugged import json_schema
from gateway.policy.structs import json_schema as own_schema
from tests.support.distribution import installed
from tests.unit.guards.checks.ported import ports

ACME = '''
from typing import ClassVar
from gateway.detector import Check, Detector, Finding, Pattern, Said, Secret

class Ticket(Detector, frozen=True, tag="acme_ticket"):
    """Ticket numbers of Acme."""

    prefix: str = "ACME"
    digits: int = 6

    def __post_init__(self) -> None:
        if not self.prefix.isalpha():
            raise ValueError("`prefix` must be of letters")
        if self.digits == 99:
            raise KeyError("canary-4711")

    def patterns(self) -> list[Pattern]:
        return [Pattern("TICKET", rf"(?<![A-Z]){self.prefix}-[0-9]{{{self.digits}}}", self._even if self.digits == 4 else (lambda _: True))]

    def _even(self, match: str) -> bool:
        return int(match[-1]) % 2 == 0

class Mood(Detector, frozen=True, tag="acme_mood"):
    """Moods."""

    places: ClassVar = ("user", "content")
    spans: ClassVar = False
    segments: ClassVar = True
    token: Secret | None = None
    fails: str = ""

    def check(self) -> "Look":
        if self.fails == "value":
            raise ValueError("there is no model at /models/mood")
        if self.fails:
            raise OSError("canary-4711")
        return Look()

class Look:
    async def look(self, said: Said) -> list[Finding]:
        return []
'''
POLICY = """\
haechi: policy/v1
name: p
detectors:
  it: {kind: acme_ticket}
rules:
  - {id: r, where: [content], detect: [it], action: mask}
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LoadedPolicies]]:
    """Loads a policy in a world in which a distribution has the two kinds above, and `broken` and `odd`, which cannot be used."""
    points = {
        "acme_ticket": "acme:Ticket",
        "acme_mood": "acme:Mood",
        "broken": "acme_broken:Broken",
        "odd": "acme:Look",
    }
    where = installed(tmp_path / "site", "acme-haechi", {"acme": ACME, "acme_broken": "import nothing_4711"}, points)
    monkeypatch.syspath_prepend(str(where))
    forget()

    def load(text: str = POLICY, **env: str) -> LoadedPolicies:
        path = tmp_path / "p.yaml"
        path.write_text(text)
        return load_files([path], env, {"personal"})

    yield load
    forget()


def forget() -> None:
    plugins._offered.cache_clear()
    plugins.plugin.cache_clear()
    for name in ("acme", "acme_broken"):
        sys.modules.pop(name, None)


def told(load: Callable[..., LoadedPolicies], text: str, **env: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load(text, **env)
    return "\n".join(f"{Path(one.file).name}{str(one).removeprefix(one.file)}" for one in raised.value.mistakes)


def test_a_kind_of_another_distribution_is_read_with_its_own_settings(acme: Any) -> None:
    rule = acme(POLICY.replace("acme_ticket", "acme_ticket, prefix: ABC, digits: 4")).policies["p"].rules[0]
    (pattern,) = patterns_of(rule.finders[0])
    assert (pattern.kind, pattern.detector, pattern.measured) == ("TICKET", rule.finders[0].digest, False)
    assert [pattern.check(one) for one in ("ABC-1112", "ABC-1113")] == [True, False]
    assert rule.promises("content") == "proven"
    assert patterns_of(rule.finders[0]) == [pattern], "places share it"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("acme_tiket", "p.yaml:4: detectors.it.kind: 'acme_tiket' is not one of pattern, "),
        ("acme_tiket", "moderation, acme_mood, acme_ticket, broken, odd; did you mean 'acme_ticket'?"),
        ("acme_ticket, prefux: A", "p.yaml:4: detectors.it.prefux: unknown key; did you mean 'prefix'?"),
        ("acme_ticket, digits: six", "p.yaml:4: detectors.it.digits: must be a whole number, not text"),
        ("acme_ticket, prefix: A1", "p.yaml:4: detectors.it: `prefix` must be of letters"),
        ("acme_ticket, digits: 99", "p.yaml:4: detectors.it: its struct failed (KeyError)"),
        ("acme_ticket, digits: 20000", "p.yaml:4: detectors.it: the pattern for TICKET: the longest match has 20005 characters"),
        ("acme_ticket, digits: -1", "p.yaml:4: detectors.it: the pattern for TICKET: "),
        ("broken", "p.yaml:4: detectors.it.kind: the kind `broken` of acme-haechi 1.2 cannot be imported from acme_broken:Broken"),
        ("odd", "p.yaml:4: detectors.it.kind: the kind `odd` of acme-haechi 1.2 is no struct; acme:Look must be a subclass of"),
        ("acme_mood", "p.yaml:6: rules[0].detect[0]: 'it' does not tell where in the text it found something, so there is nothing to mask"),
        ("acme_mood, token: [x]", "p.yaml:4: detectors.it.token: must be text, not a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_said_with_its_line(acme: Any, written: str, said: str) -> None:
    text = told(acme, POLICY.replace("acme_ticket", written))
    assert said in text
    assert "canary" not in text
    if "acme_mood" not in written:
        assert len(text.splitlines()) == 1, text


def test_every_mistake_of_a_file_is_still_named_at_once(acme: Any) -> None:
    text = told(
        acme,
        POLICY.replace(
            "{kind: acme_ticket}", "{kind: broken}\n  that: {kind: acme_ticket, prefux: A}\n  more: {kind: patern}"
        ),
    )
    assert [line.partition(": ")[0] for line in text.splitlines()] == ["p.yaml:4", "p.yaml:5", "p.yaml:6"]
    assert "did you mean 'pattern'?" in text


def test_where_it_may_look_is_what_its_struct_says(acme: Any) -> None:
    text = POLICY.replace("acme_ticket", "acme_mood").replace("action: mask", "action: block")
    assert acme(text).policies["p"].rules[0].promises("content") == "full"
    assert (
        acme(text.replace("action: block", "action: block, guarantee: segment"))
        .policies["p"]
        .rules[0]
        .promises("content")
        == "segment"
    )
    assert "looks at `content`, `user` alone, not at `system`" in told(
        acme, text.replace("[content]", "[content, system]")
    )
    assert KINDS["acme_mood"] == Kind(frozenset({"user", "content"}), spans=False, guarantee="full", segments=True)
    assert "acme_mood" not in KINDS


def test_another_version_of_it_changes_every_digest(acme: Any, tmp_path: Path) -> None:
    def digests() -> list[str]:
        made = acme().policies
        bound = Binder(made, [], VERSIONS).bound(Facts(frozenset({"m"}), "chat", frozenset()), ("p",))
        return [made["p"].rules[0].finders[0].digest, made["p"].digest, bound.digest]

    first = digests()
    assert digests() == first
    metadata = tmp_path / "site" / "acme_haechi-1.2.dist-info" / "METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: acme-haechi\nVersion: 1.3\n")
    forget()
    assert not set(digests()) & set(first)


def test_a_check_of_another_distribution_is_made_beside_ours_and_kept_with_its_secret(acme: Any) -> None:
    def made(token: str, before: Any = None) -> Any:
        text = POLICY.replace("acme_ticket", "acme_mood, token: '${TOKEN}'").replace("action: mask", "action: block")
        (check,) = make_checks(acme(text, TOKEN=token).policies.values(), ports(), before).items()
        return dict([check])

    first = made("one")
    ((digest, check),) = first.items()
    assert isinstance(check, GuestCheck)
    assert made("one", first) == first, "it may be slow to make"
    again = made("two", first)
    assert again.keys() == {digest}, "no secret enters a digest"
    assert again[digest] is not check


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("value", r"policy p, detector `it`: there is no model at /models/mood"),
        ("os", r"policy p, detector `it`: it cannot be made \(OSError\)$"),
    ],
)
def test_a_check_that_cannot_be_made_is_said_before_anything_is_served(acme: Any, how: str, said: str) -> None:
    text = POLICY.replace("acme_ticket", f"acme_mood, fails: {how}").replace("action: mask", "action: block")
    with pytest.raises(ValueError, match=said):
        make_checks(acme(text).policies.values(), ports())


def test_the_schema_knows_what_is_installed(acme: Any, tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match=r"of acme-haechi 1\.2 cannot be imported"):
        all_installed()
    points = "[haechi.detectors]\nacme_ticket = acme:Ticket\nacme_mood = acme:Mood\n"
    (tmp_path / "site" / "acme_haechi-1.2.dist-info" / "entry_points.txt").write_text(points)
    forget()
    schema = json_schema(all_installed())
    assert schema["$defs"]["Ticket"]["description"] == "Ticket numbers of Acme."
    assert schema["$defs"]["Ticket"]["properties"]["prefix"] == {"type": "string", "default": "ACME"}
    assert schema["title"] == own_schema()["title"]
    assert schema["$defs"].keys() - own_schema()["$defs"].keys() == {"Ticket", "Mood"}
    assert json_schema() == own_schema()


def test_a_kind_of_ours_cannot_be_taken(acme: Any, tmp_path: Path) -> None:
    points = "[haechi.detectors]\nacme_ticket = acme:Ticket\npattern = acme:Ticket\n"
    (tmp_path / "site" / "acme_haechi-1.2.dist-info" / "entry_points.txt").write_text(points)
    forget()
    assert acme(POLICY.replace("acme_ticket", "pattern, match: x")).policies["p"].rules[0].finders[0].spec.match == "x"
    said = "acme-haechi 1.2 offers the kind `pattern`, which is the gateway's own; that needs another name"
    assert said in told(acme, POLICY)


def test_a_kind_that_comes_from_a_variable_is_none_of_another_distribution(acme: Any) -> None:
    assert "is not one of" in told(acme, POLICY.replace("acme_ticket", "'${KIND}'"), KIND="acme_ticket")
