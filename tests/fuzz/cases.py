"""One random case: a text made to be awkward, cut at random places, through an editor whole and in chunks."""

import random
import time
import unicodedata
from dataclasses import dataclass
from itertools import accumulate

from gateway.guards.editor import Editor
from gateway.guards.verdicts import Verdicts
from tests.fuzz.guards import MARK, Guards

_HIDDEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\ufe0f", "\u3164", "\u0301", "\u20e3"]
_DASHES = ["-", "‐", "–", "—", "−", "ㅡ", "～", "·", ""]
_GLUE = [
    "",
    "",
    " ",
    "\n",
    "입니다 ",
    "로 ",
    "은 ",
    ".",
    ",",
    ":",
    "/",
    "=",
    '"',
    "(",
    ")",
    "<",
    ">",
    "@",
    "-",
    "_",
    "a",
    "가",
    "1",
    "0",
]


@dataclass(slots=True)
class Result:
    """Of many cases. `chunks` and `seconds` are those of the chunked runs alone; `held` sums what waited after each chunk."""

    cases: int = 0
    found: int = 0
    different: int = 0
    leaked: int = 0
    chunks: int = 0
    held: int = 0
    seconds: float = 0.0

    def add(self, other: "Result") -> None:
        self.cases += other.cases
        self.found += other.found
        self.different += other.different
        self.leaked += other.leaked
        self.chunks += other.chunks
        self.held += other.held
        self.seconds += other.seconds


def text_of(rng: random.Random, values: list[str]) -> str:
    """Values, broken and whole, disguised and glued together."""
    parts: list[str] = []
    for _ in range(rng.randint(1, 6)):
        value = rng.choice(values)
        if rng.random() < 0.25:
            value = value[: rng.randint(0, len(value))]
        if rng.random() < 0.2:
            value = value[rng.randint(0, len(value)) :]
        parts += _disguised(rng, value), rng.choice(_GLUE)
    return "".join(parts)


def _disguised(rng: random.Random, value: str) -> str:
    kind = rng.random()
    if kind < 0.5:
        return value
    if kind < 0.6:
        return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" and rng.random() < 0.5 else char for char in value)
    if kind < 0.7:
        return unicodedata.normalize("NFD", value)
    if kind < 0.85:
        return value.replace("-", rng.choice(_DASHES))
    at = rng.randint(0, len(value))
    return value[:at] + rng.choice(_HIDDEN) * rng.choice([1, 2, 16, 17, 40]) + value[at:]


def sizes_of(rng: random.Random, length: int) -> list[int]:
    most = rng.choice([1, 2, 4, 8, 20])
    sizes: list[int] = []
    while length > 0:
        sizes.append(rng.randint(1, most))
        length -= sizes[-1]
    return sizes


def run(rng: random.Random, guards: Guards, result: Result) -> str | None:
    """One case. Gives its text if something went wrong, for who wants to look."""
    guard, values = guards.choose(rng)
    text = text_of(rng, values)
    verdicts = Verdicts()
    whole = Editor(guard, verdicts)
    expected = whole.feed(text) + whole.close()
    sizes = sizes_of(rng, len(text))
    pieces, chunked = Verdicts(), list[str]()
    editor = Editor(guard, pieces)
    at = 0
    began = time.process_time()
    for size in sizes:
        chunked.append(editor.feed(text[at : at + size]))
        at += size
        result.held += editor.held
    chunked.append(editor.close())
    result.seconds += time.process_time() - began
    result.chunks += len(sizes)
    result.cases += 1
    result.found += expected.count(MARK)
    different = "".join(chunked) != expected or pieces.counts != verdicts.counts
    leaked = leaks(expected, chunked)
    result.different += different
    result.leaked += leaked
    return text if different or leaked else None


def leaks(expected: str, sent: list[str]) -> bool:
    """Whether something was sent, at whatever moment, that the whole text's outcome does not begin with."""
    return any(not expected.startswith(out) for out in accumulate(sent))
