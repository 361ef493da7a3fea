"""The spools that one scribe reads: its gateway's own, and those of gateways that are gone."""

import os
from collections.abc import Sequence
from pathlib import Path

from gateway.record.batch import Position
from gateway.record.spool import SpoolReader, cursor, is_free, note, release, remove, settled_by, spools, take_over


class Held:
    """A spool that nobody else reads, with a reader for each sink. What the first sink has is not needed any more."""

    def __init__(self, folder: Path, lock: int, sinks: Sequence[str]) -> None:
        self.folder = folder
        self.kept: dict[str, Position] = {}
        self._noted: dict[str, Position] = {}
        self.readers = {name: SpoolReader(folder, cursor(folder, name)) for name in sinks}
        self._lock = lock
        self._first = self.readers[sinks[0]]

    @property
    def settled(self) -> bool:
        return self._first.finished

    @property
    def finished(self) -> bool:
        return all(one.finished for one in self.readers.values())

    def note(self) -> None:
        """How far each sink is; makes room. Raises OSError."""
        for name, position in self.kept.items():
            if self._noted.get(name) != position:
                note(self.folder, name, position)
                self._noted[name] = position
        release(self.folder, self._first.position)  # what lies in segments before the one that it reads, it has

    def let_go(self) -> bool:
        """Removed if its money is settled, else for the next who comes. Whether it is removed."""
        gone = self.settled and remove(self.folder)
        os.close(self._lock)
        return gone


def found(root: Path, own: str, held: Sequence[Held], sinks: Sequence[str]) -> tuple[list[Held], list[Path]]:
    """What is not held yet by anyone: the own spool, and those whose writers are gone. Apart from them those that are left
    alone, as the sink that settles their money is not among these: read for others they would be removed without it.
    """
    known = {one.folder for one in held}
    new, left = [], []
    for folder in spools(root):
        if folder in known or not (folder.name == own or is_free(folder / "writer.lock")):
            continue
        if folder.name != own and (needed := settled_by(folder)) and needed not in sinks:
            left.append(folder)
        elif (lock := take_over(folder)) is not None:
            new.append(Held(folder, lock, sinks))
    return new, left
