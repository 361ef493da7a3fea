"""The policies that come with the gateway: `policies/` in a source tree, inside the package where it is installed."""

from pathlib import Path
from typing import Final

PREFIX: Final = "haechi:"
"""Begins the name of a shipped policy where files of policies are listed: `haechi:baseline`."""
_HERE: Final = Path(__file__).parent
_INSTALLED: Final = _HERE / "policies"
FOLDER: Final = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent / "policies"


def shipped(name: str) -> Path:
    """The file of a policy, whether it is there or not."""
    return FOLDER / f"{name}.yaml"


def shipped_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))
