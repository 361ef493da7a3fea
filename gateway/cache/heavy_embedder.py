"""Embedders that compute for milliseconds: fastembed and sentence-transformers. The only place that knows them; loaded where one is
configured. Nothing is ever downloaded: the operator puts the model on this machine.
"""

import importlib
import importlib.metadata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.cache.embedder import Unembedded
from gateway.cache.undisturbed import undisturbed
from gateway.cache.unit_vector import unit

Vectors = npt.NDArray[np.float32]
Compute = Callable[[list[str]], Iterable[Any]]

LONGEST: Final = 8_000
"""Characters of a text that are embedded; a model reads fewer."""
_PROBE: Final = "haechi"
_PIECE: Final = 1 << 20
_SHOWN: Final = 200
"""Characters of what a library says: it has seen no text of anybody yet."""


class Heavy:
    """See `embedder.Library`. `id` names library, release, model and dimensions; of a model in a folder, also what is in its files."""

    def __init__(self, name: str, compute: Compute) -> None:
        self._compute = compute
        (row,) = compute([_PROBE])  # the first one takes the longest, and tells how many numbers there are
        self.dimensions = len(row)
        self.id = f"{name}-{self.dimensions}"

    def embed(self, texts: Sequence[str], /) -> Vectors:
        """A text of which it makes nothing gives zeros, which are like nothing."""
        plain = [text[:LONGEST].encode("utf-8", "replace").decode() for text in texts]
        return np.stack([self._unit(row) for row in self._compute(plain)])

    def _unit(self, row: Any) -> Vectors:
        try:
            return unit(row, self.dimensions)
        except Unembedded:
            return np.zeros(self.dimensions, np.float32)


def load(embedder: str) -> Heavy:
    """Raises ValueError that says what to do where the library cannot load the model."""
    kind, _, model = embedder.partition(":")
    package, make, where = _KINDS[kind]
    try:
        with undisturbed():
            compute = make(importlib.import_module(package), model)
            return Heavy(f"{kind}-{_release(kind)}-{model}{_content(Path(model))}", compute)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"[:_SHOWN]
        raise ValueError(
            f"the embedder `{embedder}` cannot be loaded; nothing is downloaded, so {where} ({why})"
        ) from error


def _fastembed(module: Any, model: str) -> Compute:
    made = module.TextEmbedding(model_name=model, local_files_only=True, cuda=False)
    compute: Compute = made.embed
    return compute


def _sentence_transformers(module: Any, model: str) -> Compute:
    made = module.SentenceTransformer(model, device="cpu", local_files_only=True, trust_remote_code=False)
    return partial(made.encode, show_progress_bar=False, convert_to_numpy=True)


_KINDS: Final[dict[str, tuple[str, Callable[[Any, str], Compute], str]]] = {
    "fastembed": (
        "fastembed",
        _fastembed,
        "name a model that it supports, and put its files where FASTEMBED_CACHE_PATH says",
    ),
    "sentence-transformers": (
        "sentence_transformers",
        _sentence_transformers,
        "give the path of a folder that holds a model, or put it where HF_HOME says",
    ),
}


def _release(kind: str) -> str:
    try:
        return importlib.metadata.version(kind)
    except importlib.metadata.PackageNotFoundError:
        return "0"


def _content(folder: Path) -> str:
    """Other weights in the same folder are another model."""
    if not folder.is_dir():
        return ""
    made = blake2b(digest_size=8)
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        made.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                made.update(piece)
    return f"-{made.hexdigest()}"
