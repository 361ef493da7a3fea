"""Why a stored answer may not serve."""

from typing import Final, Literal, NamedTuple

Category = Literal[
    "language", "number", "identifier", "unit", "time", "negation", "antonym", "order", "entity", "word", "question_type",
    "scope", "tense", "person", "length", "echo",
]  # fmt: skip


class Reason(NamedTuple):
    """`word` is one of ours (`asked`, `how/why`, `past`): never a word of a question."""

    category: Category
    word: str = ""


ORDER: Final[tuple[Category, ...]] = (
    "language", "length", "number", "unit", "time", "identifier", "entity", "antonym", "word", "negation", "scope",
    "tense", "question_type", "person", "order", "echo",
)  # fmt: skip
