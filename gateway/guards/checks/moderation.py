"""Asks a model that moderates, in the form of OpenAI's moderations. Personal data reaches it as it would any other model."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from gateway.guards.check import Nonsense, Said, whole
from gateway.guards.checks.ports import Ports
from gateway.guards.finding import Finding

FLAGGED: Final = "MODERATION_FLAGGED"
_NOT_OF_A_NAME: Final = re.compile("[^A-Z0-9]+")


class Result(Struct, frozen=True):
    """What a vendor says of one text. A category that it does not judge for this model has no value."""

    flagged: bool
    categories: dict[str, bool | None]
    category_scores: dict[str, Annotated[float, Meta(ge=0, le=1)] | None]


class Answer(Struct, frozen=True):
    """What a vendor answers; there are other fields."""

    results: Annotated[list[Result], Meta(min_length=1, max_length=1)]


class ModerationCheck:
    """One finding for each category, `MODERATION_HATE_THREATENING` for `hate/threatening`, about the whole text, with its score.

    Without `categories` all count, without `threshold` those that the vendor flags. `look` raises `Nonsense` (also where
    the vendor has no such category, since it would never be found) and `GatewayError`. What a judge asks is not moderated.
    """

    def __init__(
        self, model: str, ports: Ports, categories: Sequence[str] | None = None, threshold: float | None = None
    ) -> None:
        self._model = model
        self._ask = ports.ask
        self._categories = categories
        self._threshold = threshold

    async def look(self, said: Said) -> Sequence[Finding]:
        if said.setting.depth > 0 or not said.text.strip():
            return []
        result = result_of(await self._ask("moderations", self._model, {"input": said.text}, said.setting.asker))
        found = [whole(said, kind_of(name), score) for name, score in self._counting(result)]
        if not found and result.flagged and self._categories is None and self._threshold is None:
            return [whole(said, FLAGGED)]
        return found

    def _counting(self, result: Result) -> list[tuple[str, float]]:
        known = result.categories.keys() | result.category_scores.keys()
        names = sorted(known) if self._categories is None else self._categories
        if not known.issuperset(names):
            raise Nonsense("a vendor's moderation has no category of a name that the policy writes")
        return [(name, _score(result, name)) for name in names if self._counts(result, name)]

    def _counts(self, result: Result, name: str) -> bool:
        if self._threshold is None:
            return bool(result.categories.get(name))
        score = result.category_scores.get(name)
        return score is not None and score >= self._threshold


def _score(result: Result, name: str) -> float:
    score = result.category_scores.get(name)
    return 1.0 if score is None else score


def kind_of(category: str) -> str:
    return f"MODERATION_{_NOT_OF_A_NAME.sub('_', category.upper()).strip('_')}"


def result_of(answer: Mapping[str, Any]) -> Result:
    """Raises `Nonsense`, which quotes nothing."""
    try:
        return msgspec.convert(answer, Answer).results[0]
    except msgspec.ValidationError:
        raise Nonsense("a vendor's moderation has another form") from None
