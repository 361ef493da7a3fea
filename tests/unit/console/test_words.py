"""Messages: whole in every language, used by their names, and none for nothing."""

import re
from pathlib import Path
from string import Formatter
from typing import Final

import pytest

from gateway.console.page import Page
from gateway.console.registry import PAGES
from gateway.console.rendering import FOLDER
from gateway.console.shell import WORDS
from gateway.console.words import LANGUAGES, Text, Words, chosen, merged

ALL: Final = merged([WORDS, *(page.words for page in PAGES)])
_NAMED: Final = re.compile(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""")
SOURCES: Final = [*FOLDER.glob("*.html"), *FOLDER.parent.glob("*.py")]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_a_message_has_as_many_texts_as_there_are_languages() -> None:
    assert Text._fields == tuple(LANGUAGES)


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_message_says_something_in_each_language_and_names_the_same_values(name: str) -> None:
    assert all(text.strip() for text in ALL[name])
    assert len({frozenset(fields(text)) for text in ALL[name]}) == 1


def test_a_korean_message_has_korean_in_it() -> None:
    """Unless it is a name or a unit that is the same everywhere."""
    assert [name for name, text in ALL.items() if text.en != text.ko and not re.search("[가-힣]", text.ko)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_what_a_template_says_is_there(source: Path) -> None:
    assert {name for name in _NAMED.findall(source.read_text(encoding="utf-8")) if not name.endswith(".")} <= ALL.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name or "overview")
def test_each_page_has_a_title(page: Page) -> None:
    assert f"page.{page.name}" in ALL


def test_two_messages_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a\.b"):
        merged([{"a.b": Text("one", "하나")}, {"a.b": Text("two", "둘")}])


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        (None, "en;q=0.2, ko;q=0.9", "ko"),
        (None, "fr, de;q=0.9", "en"),
        (None, "fr, ko;q=0.1", "ko"),
        (None, "ko;q=zero", "en"),
        ("ko", "en", "ko"),
        ("xx", "ko", "ko"),
    ],
)
def test_the_language_is_the_one_chosen_before_or_the_best_that_the_browser_takes(
    cookie: str | None, accepted: str, language: str
) -> None:
    assert chosen(cookie, accepted) == language


def test_values_that_look_like_fields_are_not_filled_again() -> None:
    assert Words({"x": Text("{name}", "{name}님")}, "ko")("x", name="{other}") == "{other}님"
