"""What the documentation says of settings, errors, metrics, commands and providers is all there, and is the program's own."""

from pathlib import Path

import pytest

from gateway.errors import KINDS
from gateway.upstream.providers import PROVIDERS
from tests.support.generate import DOCS, PARTS, commands, metrics, pages
from tests.support.pages import PAGES, ROOT


@pytest.fixture(scope="module")
def generated() -> dict[Path, str]:
    return pages()


def test_generated_pages_are_up_to_date(generated: dict[Path, str]) -> None:
    assert [str(path) for path, text in generated.items() if path.read_text() != text] == [], "run `make docs`"


def test_every_generated_part_stands_on_some_page() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in text] == []


def test_every_error_is_explained() -> None:
    text = (DOCS / "errors.md").read_text()
    assert [code for code in KINDS if f"\n* `{code}`" not in text] == []


def test_every_metric_is_documented() -> None:
    text = (DOCS / "metrics.md").read_text()
    assert len(metrics()) > 5
    assert [name for name, *_ in metrics() if f"`{name}`" not in text] == []


def test_every_command_is_documented() -> None:
    text = (DOCS / "commands.md").read_text()
    assert commands()
    assert [name for name in commands() if f"## {name}\n" not in text] == []


def test_every_provider_row_is_documented() -> None:
    text = (DOCS / "providers.md").read_text()
    assert [name for name in PROVIDERS if f"| `{name}` |" not in text] == []


def test_every_setting_has_a_meaning() -> None:
    rows = [line for line in (DOCS / "configuration.md").read_text().splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if row.split(" | ")[-1].strip(" |") == ""] == []


def test_decisions_are_numbered_without_gaps_and_short() -> None:
    found = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [int(page.name[:4]) for page in found] == list(range(1, len(found) + 1))
    for page in found:
        lines = page.read_text().splitlines()
        assert len(lines) <= 45, page.name
        assert {"## Context", "## Decision", "## Consequences"} <= set(lines), page.name
