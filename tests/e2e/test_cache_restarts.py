"""A gateway ends and begins again: what it held in memory is there, if that was asked for."""

import signal
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gateway.caches import IN_CLEAR, NO_FOLDER
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation

TAGGED: Final = {"x-haechi-cache-tags": "spring"}


def ask(gateway: GatewayProcess, text: str, **more: Any) -> str:
    body = {"model": "demo", "messages": [{"role": "user", "content": text}], **more}
    answer = httpx.post(f"{gateway.v1}/chat/completions", json=body, headers=TAGGED, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-haechi-cache"]


def purge(gateway: GatewayProcess, tag: str) -> None:
    assert httpx.post(f"{gateway.url}/haechi/cache/purge", json={"tag": tag}, timeout=30).status_code == 200


@pytest.mark.parametrize("secret", [None, "one secret"])
def test_an_answer_outlives_a_restart(secret: str | None, upstream: Simulation, tmp_path: Path) -> None:
    file = tmp_path / "kept.cache"
    more: dict[str, Any] = {"secret": secret} if secret else {}
    path = written(tmp_path, simulated(upstream.url, cache={"file": str(file)}, **more))
    with running(tmp_path, path) as gateway:
        assert (IN_CLEAR in gateway.greeting) is (secret is None)
        assert [ask(gateway, "환불이 되나요? kanarienvogel") for _ in range(2)] == ["miss", "hit"]
        assert ask(gateway, "streamed", stream=True) == "miss"
        assert not file.exists(), "it is written in the end"
    assert (b"kanarienvogel" in file.read_bytes()) is (secret is None)
    with running(tmp_path, path) as gateway:
        assert ask(gateway, "환불이 되나요? kanarienvogel") == "hit"
        assert ask(gateway, "streamed") == "hit"
        purge(gateway, "spring")
        gateway.signal(signal.SIGKILL)
        gateway.wait()
    with running(tmp_path, path) as gateway:
        assert [ask(gateway, "streamed") for _ in range(2)] == ["miss", "hit"], "what was purged stays purged"
        assert "Traceback" not in gateway.log


def test_a_folder_that_is_not_there_is_told_first(upstream: Simulation, tmp_path: Path) -> None:
    path = written(tmp_path, simulated(upstream.url, cache={"file": str(tmp_path / "none" / "kept.cache")}, secret="s"))
    with running(tmp_path, path) as gateway:
        assert f"cache: {NO_FOLDER}\n" in gateway.greeting
        assert [ask(gateway, "anything") for _ in range(2)] == ["miss", "hit"]


def test_a_damaged_file_is_put_aside_and_the_gateway_begins(upstream: Simulation, tmp_path: Path) -> None:
    file = tmp_path / "kept.cache"
    file.write_bytes(b"haechi cache\n\x01c" + b"x" * 5000)
    path = written(tmp_path, simulated(upstream.url, cache={"file": str(file)}))
    with running(tmp_path, path) as gateway:
        assert [ask(gateway, "anything") for _ in range(2)] == ["miss", "hit"]
        assert "is put aside" in gateway.log
    with running(tmp_path, path) as gateway:
        assert ask(gateway, "anything") == "hit"


def test_a_reload_that_moves_the_file_writes_the_old_one_and_reads_the_new_one(
    upstream: Simulation, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("one.cache", "two.cache")]
    with running(tmp_path, written(tmp_path, simulated(upstream.url, cache={"file": str(files[0])}))) as gateway:
        assert [ask(gateway, "anything") for _ in range(2)] == ["miss", "hit"]
        for count, file in ((1, files[1]), (2, files[0])):
            written(tmp_path, simulated(upstream.url, cache={"file": str(file)}))
            gateway.signal(signal.SIGHUP)
            eventually(lambda: gateway.log.count("was reloaded") >= count)  # noqa: B023  asked at once
            assert ask(gateway, "anything") == ("miss" if count == 1 else "hit")
    assert all(one.exists() for one in files)
