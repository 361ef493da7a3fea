"""Which library embeds in this process: what it needs, and how it is loaded."""

import importlib
from importlib.util import find_spec
from typing import Final, NamedTuple

from gateway.cache.embedder import Library


class _Need(NamedTuple):
    """`libraries`: what must be there. `install`: what to do where it is not. `module`: of ours, which loads it."""

    libraries: tuple[str, ...]
    install: str
    module: str = ""
    is_quick: bool = False


_NEEDS: Final = {
    "wordllama": _Need(("numpy", "wordllama"), 'pip install "haechi[semantic]"', "gateway.cache.local_embedder", True),
    "fastembed": _Need(("numpy", "fastembed"), "pip install fastembed", "gateway.cache.heavy_embedder"),
    "sentence-transformers": _Need(
        ("numpy", "sentence_transformers"),
        "pip install sentence-transformers",
        "gateway.cache.heavy_embedder",
    ),
    "model": _Need(("numpy",), "pip install numpy"),
}
WORDLLAMA: Final = "wordllama"


def is_quick(embedder: str) -> bool:
    """Whether it takes a tenth of a millisecond, so that no thread is worth while."""
    return _need(embedder).is_quick


def check_library(embedder: str = WORDLLAMA) -> None:
    """Raises ValueError where what it needs is not installed; loads nothing."""
    if any(find_spec(name) is None for name in _need(embedder).libraries):
        install = _need(embedder).install
        raise ValueError(f"the semantic cache needs a library for `{embedder}` that is not installed: {install}")


def load_library(embedder: str = WORDLLAMA) -> Library:
    """Half a second to some seconds, and 90 MB or more: call it in a thread. Raises ValueError where the library, or its model, is not on
    this machine.
    """
    check_library(embedder)
    need = _need(embedder)
    if not need.module:
        raise ValueError(f"`{embedder}` asks a running gateway: here name a library")
    library: Library = importlib.import_module(need.module).load(embedder)
    return library


def _need(embedder: str) -> _Need:
    kind, _, model = embedder.partition(":")
    need = _NEEDS.get(kind)
    if need is None or (kind != WORDLLAMA) != bool(model):
        raise ValueError(
            f"there is no such embedder; these are: wordllama, {', '.join(f'{one}:NAME' for one in _NEEDS if one != WORDLLAMA)}"
        )
    return need
