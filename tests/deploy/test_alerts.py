"""The alert rules, by Prometheus's own checker and by their own tests."""

import re
import subprocess
from pathlib import Path
from typing import Final

import yaml

from gateway.errors import KINDS
from tests.support.dashboards.overview import NOT_THE_CALLERS
from tests.support.generate import ROOT, metrics

FOLDER: Final = ROOT / "deploy" / "prometheus"
_NAME: Final = re.compile(r"\bhaechi_[a-z0-9_]+")
_PARTS: Final = ("", "_bucket", "_sum", "_count")


def promtool(*arguments: str, folder: Path = FOLDER) -> str:
    ran = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_rules_are_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", "alerts.yaml")


def test_each_rule_speaks_when_it_should_and_is_silent_otherwise() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts.test.yaml")


def test_every_rule_is_made_to_speak_and_says_what_to_do() -> None:
    rules = [
        rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
    ]
    tests = yaml.safe_load((FOLDER / "alerts.test.yaml").read_text())["tests"]
    tested = [one for test in tests for one in test["alert_rule_test"]]
    assert len(rules) > 10
    for rule in rules:
        assert [one for one in tested if one["alertname"] == rule["alert"] and one["exp_alerts"]], rule["alert"]
        assert {*rule["annotations"]} == {"summary", "description"}
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_errors_are_those_that_are_not_the_callers_fault() -> None:
    assert f'code=~"{NOT_THE_CALLERS}"' in (FOLDER / "alerts.yaml").read_text()
    for code, kind in KINDS.items():
        assert bool(re.fullmatch(NOT_THE_CALLERS, code)) == (kind.blame != "caller"), code


def test_rules_are_about_metrics_that_there_are() -> None:
    known = {f"{name}{part}" for name, *_ in metrics() for part in _PARTS}
    for file in ("alerts.yaml", "alerts.test.yaml"):
        wanted = {*_NAME.findall((FOLDER / file).read_text())}
        assert wanted
        assert wanted <= known, file
