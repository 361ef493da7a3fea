"""What a question says, as far as it decides whether the answer to another one serves."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["word", "name", "number", "unit", "time", "identifier", "quoted"]


@dataclass(slots=True, repr=False)
class Item:
    """One word that carries meaning. `key`: as it is compared. `role`: what governs it (`to`, `than`, `object`), empty if nothing
    does. `owner`: `1` for mine and ours, `2` for yours. `linked`: to the one before, by "and", "or" or a comma.
    """

    key: str
    kind: Kind = "word"
    role: str = ""
    negated: bool = False
    owner: str = ""
    linked: bool = False
    action: bool = False
    chunk: int = 0


@dataclass(slots=True, repr=False)
class Reading:
    """`asks`: how the question is put (`how`, `who`, `yes`, ...). `modes`: must, can, should, with their polarity. `scopes`: all, only,
    except, at least, each with the key it bears on. `raw` is kept out of any representation.
    """

    language: str
    items: list[Item] = field(default_factory=list)
    asks: str = ""
    copular: bool = False
    modes: set[str] = field(default_factory=set)
    scopes: list[tuple[str, str]] = field(default_factory=list)
    past: bool = False
    subject: str = ""

    def __repr__(self) -> str:
        return f"Reading({self.language}, {len(self.items)} items)"
