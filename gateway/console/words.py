"""What the console says, in every language that it speaks. A message is one `Text`, so none can be missing in a language."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Text(NamedTuple):
    """One message. `{name}` stands for a value; both languages name the same ones."""

    en: str
    ko: str


LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "ko": "한국어"}
"""By tag, each in its own words. In the order of `Text`."""
_INDEX: Final = {tag: index for index, tag in enumerate(LANGUAGES)}
_HIGHEST: Final = 1.0


class Words:
    """All messages in one language. Called with the name of one, and its values; an unknown name is a KeyError."""

    __slots__ = ("_index", "_texts", "language")

    def __init__(self, texts: Mapping[str, Text], language: str) -> None:
        self._texts = texts
        self._index = _INDEX[language]
        self.language = language

    def __call__(self, name: str, /, **values: object) -> str:
        text = self._texts[name][self._index]
        return text.format(**values) if values else text

    def of(self, prefix: str, value: str) -> str:
        """What `value` is called, or the value itself: names that come from elsewhere may have no message."""
        text = self._texts.get(f"{prefix}.{value}")
        return value if text is None else text[self._index]


def merged(tables: Iterable[Mapping[str, Text]]) -> dict[str, Text]:
    """All messages of all pages. Raises ValueError where two pages call different messages by one name."""
    found: dict[str, Text] = {}
    for table in tables:
        for name, text in table.items():
            if found.setdefault(name, text) != text:
                raise ValueError(f"two messages of the console are called {name}; prefix them with the page's name")
    return found


def chosen(cookie: str | None, accepted: str) -> str:
    """The language of an answer: what was chosen before, else the best of `Accept-Language`, else English."""
    if cookie is not None and cookie in LANGUAGES:
        return cookie
    best, rank = "en", 0.0
    for part in accepted[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.partition("-")[0].lower()
        quality = _quality(weight)
        if language in LANGUAGES and quality > rank:
            best, rank = language, quality
    return best


def _quality(weight: str) -> float:
    if not weight:
        return 1.0
    try:
        return min(float(weight), _HIGHEST)
    except ValueError:
        return 0.0
