"""Whether the configuration has changed on disk: the file itself and every file that it pulls in."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from gateway.config.source import Stamp, stamp_of

Stamps = Mapping[Path, Stamp | None]


def changed(before: Stamps, now: Stamps) -> bool:
    """Pure. A file that has gone has changed, and so has one that is there again."""
    return any(now.get(path) != stamp for path, stamp in before.items())


class Reloader:
    """Tells when to read again; the caller reads, and hands back which files that took, well or not.

        async for _ in reloader.changes(every=1.0):
            try:
                loaded = load_with_files(path, env, rows)
                files = loaded.files
            except ConfigError as error:
                files = error.files
            reloader.follow(files)

    The stamps come from the reading itself, so that a change between reading and following is not missed.
    """

    def __init__(self, files: Stamps) -> None:
        self._files = dict(files)

    def follow(self, files: Stamps) -> None:
        self._files = dict(files)

    def is_stale(self) -> bool:
        """One look at the disk: a `stat` per file."""
        return changed(self._files, {path: stamp_of(path) for path in self._files})

    async def changes(self, every: float) -> AsyncIterator[None]:
        """Yields after each poll, `every` seconds apart, that finds the files changed since they were last followed.

        A caller that does not follow is told again at each poll.
        """
        while True:
            await asyncio.sleep(every)
            if self.is_stale():
                yield
