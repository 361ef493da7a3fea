"""Every kind that these checks can find is described, and none that they cannot."""

import re
from pathlib import Path

from gateway.guards import checks
from gateway.guards.checks.kinds import KINDS

OURS = ("schema", "tool_args", "tool_permissions", "length", "injection")


def test_every_kind_has_its_sentence() -> None:
    folder = Path(next(iter(checks.__path__)))
    written = {
        kind for name in OURS for kind in re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', (folder / f"{name}.py").read_text())
    }
    assert written == set(KINDS)
    assert all(sentence.endswith(".") for sentence in KINDS.values())
