"""The local embedder: wordllama, whose weights come in its wheel. The only place that knows it; loaded where it is configured."""

import importlib
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.cache.undisturbed import undisturbed

Vectors = npt.NDArray[np.float32]

LONGEST: Final = 8_000
"""Characters of a text that are embedded; the veto reads fewer."""


class WordLlama:
    """The mean of static vectors of tokens, in lower case: some 0.05 ms for a question.

    `id` names library, release, dimensions and case: what changes the vectors.
    """

    def __init__(self, model: Any, release: str) -> None:
        self._tokenizer = model.tokenizer
        self._rows: Vectors = model.embedding
        self._last = len(self._rows) - 1
        self.dimensions = int(self._rows.shape[1])
        self.id = f"wordllama-{release}-{self.dimensions}-lower"

    def embed(self, texts: Sequence[str], /) -> Vectors:
        """Rows of length one; a text without anything that it knows gives zeros, which are like nothing."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            # One by one: a batch of the tokenizer wakes threads, and pads. Half a surrogate pair is no text to it.
            plain = text[:LONGEST].lower().encode("utf-8", "replace").decode()
            tokens = self._tokenizer.encode(plain, add_special_tokens=False).ids
            if tokens:
                self._rows[np.minimum(tokens, self._last)].sum(axis=0, out=row)
                length = float(np.sqrt(row @ row))
                if length:
                    row /= length
        return vectors


def load(_embedder: str = "") -> WordLlama:
    """From the folder of the wheel: nothing is downloaded, whatever is missing."""
    with undisturbed():
        wordllama = importlib.import_module("wordllama")
        folder = Path(str(wordllama.__file__)).parent
        model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    return WordLlama(model, importlib.metadata.version("wordllama"))
