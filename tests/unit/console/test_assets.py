"""Scripts and styles: found in the package or beside it, named for their content."""

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.console import assets
from gateway.console.assets import FOREIGN, Assets, located

ROOT = Path(__file__).parents[3]


def test_each_file_has_the_digest_of_its_content_in_its_name() -> None:
    found = Assets()
    for name in ("console.css", "console.js", "charts.js", "icon.svg", *FOREIGN):
        served = found.name_of(name)
        assert served is not None
        asset = found.find(served)
        assert asset is not None
        assert asset.plain
        assert gzip.decompress(asset.packed) == asset.plain
        assert served.count(".") == 2
    assert found.find("console.css") is None


def test_a_file_of_the_wheel_comes_before_that_of_another_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    assert located("htmx.js") != tmp_path / "vendor/htmx.js"
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/htmx.js").write_text("packaged")
    assert located("htmx.js") == tmp_path / "vendor/htmx.js"


def test_nothing_of_the_packages_is_imported() -> None:
    code = "import gateway.console.site, sys; print({'django_htmx', 'uplot', 'django', 'numpy'} & sys.modules.keys())"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


def test_a_gateway_that_only_serves_loads_nothing_of_it() -> None:
    code = "import gateway.serve, sys; print({'jinja2', 'sqlalchemy', 'gateway.console.site'} & sys.modules.keys())"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


def test_a_wheel_has_all_of_them(tmp_path: Path) -> None:
    code = f"""
import os; os.chdir({str(ROOT)!r})
from hatchling.build import build_wheel
print(build_wheel({str(tmp_path)!r}))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with zipfile.ZipFile(tmp_path / said.stdout.split()[-1]) as wheel:
        names = set(wheel.namelist())
    assert {f"gateway/console/static/vendor/{name}" for name in FOREIGN} <= names
    assert {"gateway/console/templates/base.html", "gateway/console/static/console.css"} <= names


@pytest.mark.parametrize("script", sorted((ROOT / "gateway/console/static").glob("*.js")), ids=lambda path: path.name)
def test_scripts_name_no_other_address(script: Path) -> None:
    assert "://" not in script.read_text(encoding="utf-8")


def test_templates_have_nothing_in_line() -> None:
    """What the content security policy would refuse."""
    for path in sorted((ROOT / "gateway/console/templates").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert " style=" not in text, path.name
        assert "<style" not in text, path.name
        assert " on" + "click=" not in text, path.name
        assert "|safe" not in text.replace(" ", ""), path.name
        assert "://" not in text.replace("sqlite:///", "").replace("http://www.w3.org/", ""), path.name
