"""Puts the console's foreign scripts and style into what is built, so that a wheel needs nothing beside it.

Which files they are stands in `gateway/console/assets.py`. Nothing of the gateway or of those packages is imported.
"""

import ast
import importlib.metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_INSIDE = "gateway/console/static/vendor"


class AssetsHook(BuildHookInterface[Any]):
    """For wheels and source distributions alike: a wheel built from one of those finds the files in it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # there the files are found where they are installed
        root = Path(self.root)
        for name, (distribution, path) in _foreign(root / "gateway/console/assets.py").items():
            if (root / _INSIDE / name).is_file():
                continue
            found = _located(distribution, path)
            if found is None:
                self.app.display_warning(
                    f"{name} is left out: {distribution} is not installed here. Build with --no-build-isolation after "
                    "`pip install --no-deps --require-hashes -r deploy/locks/assets.txt`, or install it beside the wheel."
                )
            else:
                build_data["force_include"][str(found)] = f"{_INSIDE}/{name}"


def _foreign(source: Path) -> dict[str, tuple[str, str]]:
    """The table `FOREIGN`, read without running what it stands in."""
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "FOREIGN":
            table = node.value
            assert isinstance(table, ast.Dict)
            return {
                ast.literal_eval(name): _row(row) for name, row in zip(table.keys, table.values, strict=True) if name
            }
    raise ValueError(f"{source} has no table FOREIGN")


def _row(call: ast.expr) -> tuple[str, str]:
    assert isinstance(call, ast.Call)
    distribution, path = (str(ast.literal_eval(one)) for one in call.args)
    return distribution, path


def _located(distribution: str, path: str) -> Path | None:
    try:
        found = Path(str(importlib.metadata.distribution(distribution).locate_file(path)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return found if found.is_file() else None
