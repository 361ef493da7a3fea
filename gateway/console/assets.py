"""Scripts and styles: files of this package, and of htmx and uPlot, which come in the wheel or stand beside it in packages of their own.

Each is served under a name with the digest of its content, so it may be kept for good, and is never stale.
"""

import gzip
import hashlib
import importlib.metadata
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

log = logging.getLogger("haechi")

FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Foreign(NamedTuple):
    """A file that is not ours: the distribution that holds it, and where in it. It is located, never imported."""

    distribution: str
    path: str


FOREIGN: Final = {
    "htmx.js": Foreign("django-htmx", "django_htmx/static/django_htmx/htmx-2.min.js"),
    "uplot.js": Foreign("uplot-python", "uplot/static/uPlot.iife.js"),
    "uplot.css": Foreign("uplot-python", "uplot/static/uPlot.min.css"),
}


@dataclass(frozen=True, slots=True)
class Asset:
    """`name` with the digest in it, and the content, plain and compressed."""

    name: str
    media_type: str
    plain: bytes
    packed: bytes


class Assets:
    """All of them, in memory: some 80 KB compressed."""

    def __init__(self) -> None:
        own = {path.name: path for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}
        foreign = {name: path for name in FOREIGN if (path := located(name)) is not None}
        if missing := sorted(FOREIGN.keys() - foreign.keys()):
            wanted = sorted({FOREIGN[name].distribution for name in missing})
            log.warning(
                "the console has to do without %s; `pip install --no-deps %s` brings what it needs",
                ", ".join(missing),
                " ".join(wanted),
            )
        self._names: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        for name, path in {**own, **foreign}.items():
            asset = _read(name, path)
            self._names[name] = asset.name
            self._assets[asset.name] = asset

    def name_of(self, name: str) -> str | None:
        """Under which `name` is served; None for a file that is missing."""
        return self._names.get(name)

    def find(self, served: str) -> Asset | None:
        return self._assets.get(served)


def located(name: str) -> Path | None:
    """Where a foreign file is: in this package, where a wheel has it, else in its own distribution."""
    packaged = FOLDER / "vendor" / name
    if packaged.is_file():
        return packaged
    foreign = FOREIGN[name]
    try:
        path = Path(str(importlib.metadata.distribution(foreign.distribution).locate_file(foreign.path)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def _read(name: str, path: Path) -> Asset:
    plain = path.read_bytes()
    digest = hashlib.blake2b(plain, digest_size=8).hexdigest()
    return Asset(
        f"{Path(name).stem}.{digest}{Path(name).suffix}",
        _TYPES[Path(name).suffix],
        plain,
        gzip.compress(plain, mtime=0),
    )
