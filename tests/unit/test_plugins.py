"""Entry points become structs: only the one that is asked for is imported, and what cannot be used is said with its distribution."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway import plugins
from gateway.plugins import DETECTORS, PluginFailed, kinds, plugin
from tests.support.distribution import installed
from tests.support.pages import ROOT

HEAD = "from typing import ClassVar\nimport msgspec\nfrom gateway.policy.detectors import Guest\n"
GOOD = HEAD + "class Ticket(Guest, frozen=True, tag='acme_ticket'):\n    prefix: str = 'T'\n"

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution on the path, for this test alone."""

    def install(name: str, source: str, *, version: str = "1.2", module: str = "", **entry_points: str) -> Path:
        module = module or name.replace("-", "_")
        points = {kind: f"{module}:{where}" for kind, where in entry_points.items()}
        folder = installed(tmp_path / name, name, {module: source}, points, version=version)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, module, raising=False)
        return folder

    forget()
    yield install
    forget()


def forget() -> None:
    plugins._offered.cache_clear()
    plugins.plugin.cache_clear()


def test_a_kind_is_found_with_its_struct_its_version_and_where_it_comes_from(install: Install) -> None:
    install("acme-haechi", GOOD, acme_ticket="Ticket")
    found = plugin(DETECTORS, "acme_ticket")
    assert (found.kind, found.struct.__name__, found.version, found.origin) == (
        "acme_ticket",
        "Ticket",
        "1.2",
        "acme-haechi 1.2",
    )
    assert kinds(DETECTORS) == ["acme_ticket"]
    with pytest.raises(KeyError):
        plugin(DETECTORS, "acme_tickets")


def test_a_declared_version_counts_before_that_of_the_distribution(install: Install) -> None:
    install("acme-haechi", GOOD + "    version: ClassVar[str] = '7'\n", acme_ticket="Ticket")
    assert plugin(DETECTORS, "acme_ticket").version == "7"


def test_a_setting_may_be_called_version(install: Install) -> None:
    install("acme-haechi", GOOD + "    version: int = 7\n", acme_ticket="Ticket")
    assert plugin(DETECTORS, "acme_ticket").version == "1.2"


def test_only_the_plugin_that_is_asked_for_is_imported(install: Install) -> None:
    install("acme-haechi", GOOD, acme_ticket="Ticket")
    install("other-haechi", "raise SystemExit('imported')", other="Other")
    plugin(DETECTORS, "acme_ticket")
    assert kinds(DETECTORS) == ["acme_ticket", "other"]
    assert "other_haechi" not in sys.modules


def test_a_process_that_asks_for_no_kind_reads_no_metadata() -> None:
    """It costs as much as reading a policy does."""
    code = """
import importlib.metadata as metadata, sys
def entry_points(**_): raise AssertionError
metadata.entry_points = entry_points
from pathlib import Path
from gateway.app import KNOWN_ENTITIES
from gateway.policy.load import load_files, files_of
assert load_files(files_of([Path('policies')]), {}, KNOWN_ENTITIES).policies
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=200, cwd=ROOT)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nothing_of_this_name", "cannot be imported from bad_haechi:Bad (ModuleNotFoundError: "),
        ("1 / 0", "cannot be imported from bad_haechi:Bad (ZeroDivisionError: division by zero); repair or uninstall it"),
        ("raise SystemExit(3)", "cannot be imported from bad_haechi:Bad (SystemExit: 3)"),
        ("class Good: pass", "cannot be imported from bad_haechi:Bad (AttributeError: "),
        ("class Bad: pass", "is no struct; bad_haechi:Bad must be a subclass of `gateway.detector.Detector`"),
        ("Bad = 3", "is no struct"),
        (HEAD + "class Bad(msgspec.Struct, frozen=True, tag='bad'): pass", "is another sort of struct"),
        (HEAD + "class Bad(Guest, forbid_unknown_fields=False, tag='bad'): pass", "is another sort of struct"),
        (HEAD + "class Bad(Guest, frozen=True): pass", 'has the tag `Bad`; entry point and tag must have one name: write `tag="bad"`'),
        (HEAD + "class Bad(Guest, frozen=True, tag='worse'): pass", "has the tag `worse`"),
        (HEAD + "class Bad(Guest, frozen=True, tag='bad'):\n    version: ClassVar = 3", "declares a `version` that is no text"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_with_the_distribution_and_what_to_do(
    install: Install, source: str, said: str
) -> None:
    install("bad-haechi", source, bad="Bad", version="0.3")
    with pytest.raises(PluginFailed) as raised:
        plugin(DETECTORS, "bad")
    assert str(raised.value).startswith("the kind `bad` of bad-haechi 0.3 ")
    assert said in str(raised.value)


def test_two_distributions_with_one_kind_are_both_named(install: Install) -> None:
    install("acme-haechi", GOOD, acme_ticket="Ticket")
    install("forked-haechi", GOOD, acme_ticket="Ticket", version="9")
    with pytest.raises(PluginFailed) as raised:
        plugin(DETECTORS, "acme_ticket")
    assert str(raised.value) == (
        "the kind `acme_ticket` is offered by forked-haechi 9 and acme-haechi 1.2; uninstall all but one of them"
    )


def test_other_groups_are_not_looked_into(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(
        str(installed(tmp_path / "x", "x", {}, {"acme_ticket": "x:X"}, group="haechi.detector"))
    )
    assert kinds(DETECTORS) == []
