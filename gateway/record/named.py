"""What a caller calls its conversation and its prompt by. Free text is no name."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.exchange import Exchange

CONVERSATION: Final = "x-haechi-conversation"
PROMPT: Final = "x-haechi-prompt"
_NAME: Final = re.compile(r"[\w.:@/+~=-]{1,128}")
"""Letters of any script, digits and what ids are joined with: nothing that words could be put apart by."""


def conversation_of(x: Exchange) -> str | None:
    """By the header, or as the Responses API has it. None for what is no name."""
    given: Any = x.headers.get(CONVERSATION)
    if given is None and x.dialect.name == "responses" and x.parsed is not None:
        given = x.parsed.get("conversation")
        if isinstance(given, Mapping):
            given = given.get("id")
    return _named(given)


def prompt_of(x: Exchange) -> str | None:
    """`name`, or `name@version`."""
    return _named(x.headers.get(PROMPT))


def _named(given: Any) -> str | None:
    if not isinstance(given, str):
        return None
    text = _decoded(given)
    return text if _NAME.fullmatch(text) else None


def _decoded(given: str) -> str:
    """Of a header, whose bytes are read as Latin-1 and may be UTF-8."""
    try:
        return given.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return given
