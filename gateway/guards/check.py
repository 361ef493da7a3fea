"""What looks at a whole text and may take its time: a model, a service, a schema. It changes nothing; rules decide what is done.

A check is made once for a configuration and used by all exchanges at once. It must not keep any text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.guards.finding import Finding


@dataclass(frozen=True, slots=True, repr=False)
class Setting:
    """What of the request a check may want to know besides the text.

    `tools`: declared tools by name, each with its JSON Schema (None if it has none). `form`: the JSON Schema that the caller
    demands of the answer, if it does. `untrusted`: whether what a tool returned is in the conversation. `depth`: how many judges have
    asked for this exchange, 0 for a caller's own. `asker`: to be handed on, unread, where a check asks a model.
    """

    tools: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    form: Mapping[str, Any] | None = None
    untrusted: bool = False
    depth: int = 0
    asker: Any = None


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """One text at one place: a place of the request, or a lane of the answer when it is complete.

    `text` has placeholders where values were, `restored` is what the caller will get (the same, in a request). `tool` is the
    tool's name where these are its arguments.
    """

    place: str
    text: str
    restored: str
    tool: str = ""
    setting: Setting = field(default_factory=Setting)


class Check(Protocol):
    """`look` gives findings in `text`; one that is about all of it spans all of it. Raising, or being late, is a failure of the
    detector: the rule's `on_error` decides then. Findings carry kind and score; who calls adds the detector's name.
    """

    async def look(self, said: Said) -> Sequence[Finding]: ...


class Nonsense(ValueError):
    """A check has answered with something that is no finding in this text."""


def understood(found: object, text: str, detector: str) -> Finding:
    """The finding of a check, signed. Raises `Nonsense` for what is none: a detector is anybody's code."""
    if not isinstance(found, Finding):
        raise Nonsense(f"a check gave a {type(found).__name__}")
    start, end = found.start, found.end
    if not (0 <= start < end and (end <= len(text) or not text)) or not found.kind or not 0 <= found.score <= 1:
        raise Nonsense("a check gave a finding outside of the text, without a kind or with an impossible score")
    return found._replace(detector=detector)


def whole(said: Said, kind: str, score: float = 1.0) -> Finding:
    """A finding about the text as such."""
    return Finding(0, max(1, len(said.text)), kind, "", score)
