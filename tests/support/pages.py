"""The pages of the documentation as tests see them: prose, snippets, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE: Final = re.compile(
    r"(?P<before>[^\n]*)\n+^```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_NOT_RUN: Final = re.compile(r"<!-- not run: (.+?) -->")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Snippet:
    """A fenced block. `why_not`: the reason why it is not run. `prints`: the block `output` that follows it."""

    page: Path
    line: int
    language: str
    title: str | None
    text: str
    why_not: str | None = None
    prints: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def snippets(page: Path) -> list[Snippet]:
    found: list[Snippet] = []
    text = "\n" + page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        if match["title"] == "output":
            before = found.pop()
            found.append(Snippet(**{**vars(before), "prints": match["text"]}))
            continue
        reason = _NOT_RUN.search(match["before"])
        line = text.count("\n", 0, match.start("text")) - 1
        found.append(
            Snippet(page, line, match["language"], match["title"], match["text"], reason[1] if reason else None)
        )
    return found


def all_snippets(*languages: str) -> list[Snippet]:
    return [one for page in PAGES for one in snippets(page) if one.language in languages]


def links(page: Path) -> Iterator[str]:
    """Targets of links and pictures that lead to files here."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for match in _LINK.finditer(prose):
        target = match[1] or match[2]
        if "://" not in target:
            yield target
