"""Where embedders come from."""

import importlib
from importlib.util import find_spec
from typing import Final

from gateway.cache.embedder import Library

_NEEDS: Final = 'the semantic cache needs a library that is not installed: pip install "haechi[semantic]"'

_LIBRARIES: Final = ("numpy", "wordllama")


def check_wordllama() -> None:
    """Raises ValueError where the extra is not installed; loads nothing."""
    if any(find_spec(name) is None for name in _LIBRARIES):
        raise ValueError(_NEEDS)


def load_wordllama() -> Library:
    """Some 0.6 s and 90 MB: call it in a thread. Raises ValueError where the extra is not installed."""
    try:
        module = importlib.import_module("gateway.cache.local_embedder")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] not in _LIBRARIES:
            raise
        raise ValueError(_NEEDS) from error
    embedder: Library = module.load()
    return embedder
