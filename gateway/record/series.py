"""How often something was, by its labels; bounded, whatever the labels are made of."""

from typing import Final

MOST: Final = 1_000
OTHER: Final = "other"


class Series(dict[tuple[str, ...], float]):
    """Labels that are new when there are `MOST` others count as `other`.

    Nearly all labels are names of the configuration and our own words. What detectors of others call their findings is not,
    and a configuration can be as long as its operator likes.
    """

    def add(self, labels: tuple[str, ...], count: float = 1) -> None:
        before = self.get(labels)
        if before is None and len(self) >= MOST:
            labels = (OTHER,) * len(labels)
            before = self.get(labels)
        self[labels] = count if before is None else before + count
