"""The local embedder: wordllama, whose weights come in its wheel. The only place that knows it; loaded where it is configured."""

import importlib.metadata
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import wordllama

Vectors = npt.NDArray[np.float32]


class WordLlama:
    """Some 0.1 ms for a question. `id` names library, release and dimensions: what changes the vectors."""

    def __init__(self, model: Any, release: str, dimensions: int) -> None:
        self.id = f"wordllama-{release}-{dimensions}"
        self.dimensions = dimensions
        self._model = model

    def embed(self, texts: Sequence[str], /) -> Vectors:
        """Rows of length one; a text without anything that it knows gives zeros, which are like nothing."""
        vectors: Vectors = np.asarray(self._model.embed(list(texts)), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return unit


def load() -> WordLlama:
    """From the folder of the wheel: nothing is downloaded, whatever is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its authors should mend is no news to an operator
        folder = Path(wordllama.__file__).parent
        model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    size = model.embed(["size"]).shape[1]
    return WordLlama(model, importlib.metadata.version("wordllama"), int(size))
