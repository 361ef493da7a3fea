"""Microsoft Presidio as a check. Loading it takes two seconds and much memory: only where a policy names it, never on a request."""

import importlib
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from gateway.guards.check import Said
from gateway.guards.finding import Finding
from gateway.guards.fold import fold
from gateway.guards.libraries.workers import Workers

Engine = Literal["no_op", "slim", "spacy", "transformers", "gliner"]

LEAST: Final[Mapping[str, float]] = {"PHONE_NUMBER": 0.4}
"""Scores that count where a policy gives none for the kind and its default is higher: no telephone without context scores more."""

_ORDINARY: Final = 0.5
_SEARCH_SECONDS: Final = "601"
"""Longer than any deadline of a rule. Presidio goes on without what a search would have found in time; a late check fails."""


class PresidioCheck:
    """Spans are those of the text as it was given; it is read as the gateway's own detectors read it (`fold`).

    Raises ValueError, when it is made, for what cannot be found this way and where something is missing.
    """

    def __init__(
        self,
        languages: Sequence[str] = ("en",),
        entities: Sequence[str] | None = None,
        min_score: Mapping[str, float] | float = _ORDINARY,
        engine: Engine = "no_op",
        model: str | None = None,
        revision: str | None = None,
        on_missing: Literal["fail", "degrade"] = "fail",
    ) -> None:
        engines = _engines()
        self._least = _thresholds(min_score)
        engines.check_names(self._least.keys() - {"default"})
        self._analyzer: Any = engines.analyzer(
            languages, entities, engine, model, revision, degrades=on_missing == "degrade"
        )
        self._workers = Workers("presidio")
        self.without: list[str] = self._analyzer.without

    async def look(self, said: Said) -> Sequence[Finding]:
        """Raises `Overloaded` or `LibraryFailed`."""
        return await self._workers.run(lambda: self._findings(said.text))

    def _findings(self, text: str) -> list[Finding]:
        folded = fold(text)
        return sorted(
            Finding(folded.start(start), folded.end(end), kind, "", score)
            for start, end, kind, score in self._analyzer.found(folded.text)
            if start < end and score >= self._least.get(kind, self._least["default"])
        )


def _thresholds(min_score: Mapping[str, float] | float) -> dict[str, float]:
    given = dict(min_score) if isinstance(min_score, Mapping) else {"default": min_score}
    default = given.setdefault("default", _ORDINARY)
    return {kind: min(score, default) for kind, score in LEAST.items()} | given


def _engines() -> Any:
    """The module that imports the library."""
    os.environ["REGEX_TIMEOUT_SECONDS"] = _SEARCH_SECONDS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("gateway.guards.libraries.presidio_engines")
    except ModuleNotFoundError as error:
        raise ValueError(
            f"a detector of kind `presidio` needs a library that is not installed ({str(error.name).partition('.')[0]}): "
            'pip install "haechi[pii]"'
        ) from error
