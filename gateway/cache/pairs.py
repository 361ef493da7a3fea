"""Labelled pairs of questions: whether the answer to one may be given to the other. Read from files of JSON lines."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec


class Pair(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=False):
    """`similarity` where it was recorded with another embedder. `history_*`: the turns before the text; where they differ,
    the pair is never a candidate. `family` groups pairs made alike, so that they stay in one half.
    """

    text_a: str
    text_b: str
    duplicate: bool
    category: str = "other"
    lang: str = ""
    similarity: float | None = None
    history_a: tuple[str, ...] = ()
    history_b: tuple[str, ...] = ()
    family: str = ""
    id: str = ""

    def __repr__(self) -> str:
        return f"Pair({self.category}, {self.lang}, {self.duplicate})"


class BadPairs(Exception):
    """A file that cannot be used. The message says where and what to write, and quotes no question."""


_decoder = msgspec.json.Decoder(Pair)


def read(path: Path) -> list[Pair]:
    """Raises BadPairs with the file and line of the first thing that is wrong."""
    try:
        raw = path.read_bytes()
    except OSError as wrong:
        raise BadPairs(f"{path}: {wrong.strerror or 'cannot be read'}") from wrong
    pairs = list(_read(path, raw))
    if not pairs:
        raise BadPairs(f"{path}: holds no pairs; write one JSON object per line with text_a, text_b and duplicate")
    return pairs


def half_of(pair: Pair) -> int:
    """0 to choose on, 1 to judge on; the same for a whole family, whatever else the file holds."""
    group = pair.family or pair.id or "\0".join(sorted((pair.text_a, pair.text_b)))
    return blake2b(group.encode("utf-8", "surrogatepass"), digest_size=2).digest()[0] & 1


def _read(path: Path, raw: bytes) -> Iterator[Pair]:
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise BadPairs(
                f"{path}:{number}: {wrong}; write a JSON object with text_a, text_b (strings) and duplicate (true or false)"
            ) from wrong
