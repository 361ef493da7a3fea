"""The lexical veto: whether the answer to one question may be given to another that looks like it. Pure, no I/O, bounded time.

Embeddings put `프랑스` next to `스페인`, 12 next to 13, "safe" next to "not safe", so likeness proposes and this decides.
"""

from gateway.cache.veto.compare import conflicts
from gateway.cache.veto.echo import echo_veto
from gateway.cache.veto.fold import folded
from gateway.cache.veto.read import LONGEST, read
from gateway.cache.veto.reason import ORDER, Category, Reason

__all__ = ["LONGEST", "Category", "Reason", "echo_veto", "read", "veto"]


def veto(asked: str, stored: str) -> list[Reason]:
    """Why the answer to `stored` must not serve `asked`; empty if it may. The same for both orders of the two.

    A question of more than `LONGEST` characters is served by none but itself.
    """
    one, other = folded(asked), folded(stored)
    if _bare(one) == _bare(other):
        return []
    if len(one) > LONGEST or len(other) > LONGEST:
        return [Reason("length", f"over {LONGEST}")]
    found = set(conflicts(read(one), read(other)))
    return sorted(found, key=lambda reason: (ORDER.index(reason.category), reason.word))


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" ?!.")
