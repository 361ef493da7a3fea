"""What a detector says: something of this kind stands here."""

from typing import NamedTuple


class Finding(NamedTuple):
    """A span in code points of the text that was scanned; in a stream, of the lane from its beginning.

    `detector` is its name in the policy, `score` between 0 and 1. It holds no text, so that it can be recorded.
    `cut`: it began before its span, in text that can be changed no more.
    """

    start: int
    end: int
    kind: str
    detector: str = ""
    score: float = 1.0
    cut: bool = False
