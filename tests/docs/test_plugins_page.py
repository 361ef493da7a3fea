"""The detector of the page about detectors of one's own, installed as it stands there, under the policy that stands there."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.support.distribution import installed
from tests.support.pages import ROOT, snippets


def test_the_package_of_the_page_works_with_the_policy_of_the_page(tmp_path: Path) -> None:
    shown = {one.title: one.text for one in snippets(ROOT / "docs" / "plugins.md") if one.title}
    project = tomllib.loads(shown["pyproject.toml"])["project"]
    points = project["entry-points"]["haechi.detectors"]
    site = installed(
        tmp_path / "site",
        project["name"],
        {"acme_haechi": shown["acme_haechi.py"]},
        points,
        version=project["version"],
    )
    (tmp_path / "tickets.yaml").write_text(shown["tickets.yaml"])
    for command, said in (("lint", "good: tickets"), ("test", "3 of 3 tests of 1 policies passed")):
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli", "policy", command, "tickets.yaml"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout.startswith(said), done.stdout + done.stderr
