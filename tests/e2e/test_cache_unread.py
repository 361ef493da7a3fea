"""An image that a rule should have read and cannot: the answer to it is handed on and never kept."""

from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest

from tests.support.gatewayprocess import running, simulated, written
from tests.support.policed import policy
from tests.support.simulation import Simulation

IMAGE: Final = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
SAID: Final = {"type": "text", "text": "What is this?"}
CODES: Final = {"codes": {"kind": "pattern", "match": r"AB-\d{3}"}}


def rules(place: str) -> list[dict[str, Any]]:
    return [{"id": "codes", "where": [place], "detect": ["codes"], "action": "log"}]


@pytest.mark.parametrize(
    ("place", "seen"),
    [(None, ["miss", "hit"]), ("content", ["miss", "hit"]), ("user", ["miss", "miss"])],
)
def test_an_answer_about_an_image_is_kept_only_if_no_rule_should_have_read_that(
    place: str | None, seen: list[str], upstream: Simulation, tmp_path: Path
) -> None:
    more: dict[str, Any] = {"cache": {}}
    if place is not None:
        file = tmp_path / "images.yaml"
        file.write_bytes(
            msgspec.json.encode(policy("images", detectors=CODES, rules=rules(place), defaults={"opaque": "allow"}))
        )
        more["policies"] = {"files": [str(file)]}
    with running(tmp_path, written(tmp_path, simulated(upstream.url, **more))) as gateway:

        def marks(*parts: dict[str, Any]) -> list[str]:
            body = {"model": "demo", "messages": [{"role": "user", "content": list(parts)}]}
            answers = [httpx.post(f"{gateway.v1}/chat/completions", json=body, timeout=30) for _ in range(2)]
            return [answer.headers["x-haechi-cache"] for answer in answers]

        assert marks(SAID, IMAGE) == seen
        assert marks(SAID) == ["miss", "hit"]
