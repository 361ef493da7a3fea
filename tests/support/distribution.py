"""A distribution as an installer leaves it, in a folder of its own: modules, and a dist-info with its entry points."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent


def installed(
    folder: Path,
    name: str,
    modules: Mapping[str, str],
    entry_points: Mapping[str, str],
    *,
    version: str = "1.2",
    group: str = "haechi.detectors",
) -> Path:
    """The folder, to be put on the path. `entry_points` are `module:Class` by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(dedent(source))
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{kind} = {where}" for kind, where in entry_points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
    return folder
