"""What an embedder gave, as a vector of length one. Imports numpy."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.cache.embedder import Unembedded

_LEAST: Final = 1e-12


def unit(numbers: Sequence[float] | npt.NDArray[Any], dimensions: int | None) -> npt.NDArray[np.float32]:
    """Raises `Unembedded` where that is none: of another size, with what is no number, or all zeros."""
    row = np.asarray(numbers, np.float64)
    if row.ndim != 1 or len(row) < 2:
        raise Unembedded("a vector of fewer than 2 numbers")
    if dimensions is not None and len(row) != dimensions:
        raise Unembedded(f"vectors of {len(row)} numbers instead of {dimensions}: is it another model now?")
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.sqrt(row @ row))
    if not np.isfinite(length) or length < _LEAST:
        raise Unembedded("a vector without a direction (zeros, or what is no number)")
    return (row / length).astype(np.float32)
