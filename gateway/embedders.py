"""Where the embedder of the cache comes from: a library in this process, or a model of the gateway's own routes."""

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.api.internal import Internal
from gateway.cache.awaited import Awaited
from gateway.cache.embed import check_library, is_quick, load_library
from gateway.cache.embedder import Embedder
from gateway.cache.remembered import Inline, Remembered
from gateway.cache.threaded import Threaded
from gateway.config.cache import MODEL, Semantic
from gateway.policy.behind import Behind


@dataclass(slots=True)
class Embedders:
    """Of a gateway over its reloads: an embedder stays while nothing changes what its vectors are, and vectors stay always."""

    _made: tuple[Any, ...] = ()
    _embedder: Embedder | None = None
    _asked: Any = None
    _remembered: Remembered = field(default_factory=Remembered)

    async def made(self, settings: Semantic | None, internal: Internal) -> Embedder | None:
        """None where nobody embeds any more. Raises ValueError for what cannot be had here, having changed nothing."""
        if settings is None:
            await self.aclose()
            return None
        targets = _targets(settings, internal)
        made = (settings.embedder, settings.dimensions, settings.deadline_ms, targets)
        if self._embedder is not None and self._made == made:
            if self._asked is not None:
                self._asked.ask = _asking(internal)
            return self._embedder
        check_library(settings.embedder)
        embedder, asked = await self._made_anew(settings, targets, internal)
        await self.aclose()
        self._embedder, self._asked, self._made = embedder, asked, made
        return embedder

    async def aclose(self) -> None:
        """Drops what is under way."""
        if isinstance(self._embedder, Awaited):
            await self._embedder.aclose()
        self._embedder = self._asked = None

    async def _made_anew(
        self, settings: Semantic, targets: tuple[str, ...], internal: Internal
    ) -> tuple[Embedder, Any]:
        """With the source that asks a model, if one does."""
        seconds = settings.deadline_ms / 1000
        if settings.embedder.startswith(MODEL):
            module: Any = await asyncio.to_thread(importlib.import_module, "gateway.cache.asked_model")
            name = settings.embedder.removeprefix(MODEL)
            asked = module.AskedModel(name, targets, settings.dimensions, _asking(internal))
            return Awaited(asked, self._remembered, seconds), asked
        library = await asyncio.to_thread(load_library, settings.embedder)
        if is_quick(settings.embedder):
            return Inline(library, self._remembered), None
        return Awaited(Threaded(settings.embedder, library), self._remembered, seconds), None


def _targets(settings: Semantic, internal: Internal) -> tuple[str, ...]:
    """Where the model leads that embeds; `gateway.config.embedding` has seen to it that all of them are one model."""
    if not settings.embedder.startswith(MODEL):
        return ()
    name = settings.embedder.removeprefix(MODEL)
    route = internal.setup.routes.find(name)
    found = [] if route is None else [one for group in route.groups for one in group.candidates]
    if len({one.model for one in found}) != 1:
        raise ValueError(f"cache.semantic.embedder: {name!r} must lead to one model, whichever of its targets answers")
    return tuple(sorted({f"{one.kind}/{one.provider}/{one.model}" for one in found}))


def _asking(internal: Internal) -> Any:
    async def ask(model: str, body: Mapping[str, Any], asker: Behind) -> dict[str, Any]:
        return await internal.ask("embeddings", model, body, asker)

    return ask
