"""A detector on trial, and what is said against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gateway.guards.check import Said, Setting
from gateway.policy.detectors import Detector


class Failure(NamedTuple):
    """A promise that was broken: how, and what to do. Texts are named by where they stand in what the author gave, not quoted."""

    promise: str
    message: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.message}"


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """`positives` hold something to be found, `negatives` nothing. `disguises`: whether the form decides, so that full-width digits and
    invisible characters must not hide anything. `said` is what a check is told besides the text.
    """

    detector: Detector
    positives: Sequence[str]
    negatives: Sequence[str] = ()
    disguises: bool = True
    said: Said = field(default_factory=lambda: said_at("user"))

    def asked(self, text: str) -> Said:
        return replace(self.said, text=text, restored=text)

    @property
    def texts(self) -> list[str]:
        return [*self.positives, *self.negatives]


def said_at(place: str, tool: str = "", setting: Setting | None = None) -> Said:
    """What a check is told of any text there."""
    return Said(place, "", "", tool, setting or Setting())
