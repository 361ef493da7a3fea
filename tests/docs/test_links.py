"""Links lead somewhere, and the site builds without a warning."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import PAGES, ROOT, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    targets = [link.partition("#")[0] for link in links(page)]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "index.html").is_file()


def test_every_page_is_in_the_navigation() -> None:
    """MkDocs only informs of such pages, strict or not."""
    navigation = (ROOT / "mkdocs.yml").read_text()
    pages = [str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert [page for page in pages if page not in navigation] == []


def test_pages_name_no_place_of_their_makers() -> None:
    """No paths of a machine; nothing but loopback and the vendors as addresses is checked by reading."""
    found = [str(page) for page in PAGES for word in ("/root/", "/home/") if word in page.read_text()]
    assert found == []
