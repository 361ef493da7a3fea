"""Vectors of a model of this gateway, by the embeddings API. Imports numpy."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.cache.embedder import TextRefused, Unembedded
from gateway.cache.store import Vector
from gateway.cache.unit_vector import unit
from gateway.errors import GatewayError
from gateway.policy.behind import Behind

LONGEST: Final = 8_000
"""Characters of a text that are embedded."""
_MOST_NUMBERS: Final = 16_384
_OF_THE_TEXT: Final = frozenset(
    {
        "invalid_request",
        "unsupported_parameter",
        "context_length_exceeded",
        "content_filter",
        "policy_blocked",
        "body_too_large",
    }
)
"""What is refused so says nothing of the next text."""
_NOBODY: Final = Behind((), None, frozenset(), 1)

AskEmbeddings = Callable[[str, Mapping[str, Any], Behind], Awaitable[dict[str, Any]]]
"""Asks a model of this gateway by the embeddings API, for somebody; raises GatewayError."""


class _Row(msgspec.Struct):
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Row]


class AskedModel:
    """See `Source`. `targets`: where the model may lead, all of them the same one. `ask` is another one after a reload."""

    def __init__(self, model: str, targets: Sequence[str], dimensions: int | None, ask: AskEmbeddings) -> None:
        self.ask = ask
        self.title = f"the embedder model:{model}"
        self.dimensions = dimensions
        self._model = model
        self._targets = ",".join(sorted(set(targets)))
        self._asked_for = {} if dimensions is None else {"dimensions": dimensions}

    @property
    def id(self) -> str:
        return "" if self.dimensions is None else f"model:{self._model}-{self.dimensions}-{self._targets}"

    def whose(self, asker: Any) -> str:
        """Rules for the model's zone may replace something in the text, and others apply to another caller."""
        one = asker if isinstance(asker, Behind) else _NOBODY
        return msgspec.json.encode((one.policies, one.team, sorted(one.tags), one.depth)).decode()

    async def vector(self, text: str, asker: Any) -> Vector:
        plain = text[:LONGEST].encode("utf-8", "replace").decode()
        one = asker if isinstance(asker, Behind) else _NOBODY
        try:
            answer = await self.ask(self._model, {"input": [plain], **self._asked_for}, one)
            rows = msgspec.convert(answer, _Answer).data
        except GatewayError as error:
            raise (TextRefused if error.code in _OF_THE_TEXT else Unembedded)(error.code) from None
        except msgspec.ValidationError:
            raise Unembedded("its answer is none of the embeddings API") from None
        if len(rows) != 1:
            raise Unembedded(f"{len(rows)} vectors for one text")
        vector = unit(rows[0].embedding, self.dimensions)
        if len(vector) > _MOST_NUMBERS:
            raise Unembedded(f"vectors of more than {_MOST_NUMBERS} numbers")
        self.dimensions = len(vector)
        return vector
