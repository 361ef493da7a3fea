"""What the spine does when a step has a defect of its own."""

import logging

import pytest

from gateway.api.asgi import application
from gateway.app import start
from gateway.config.structs import Config, Model, Provider, Target
from tests.support.asgi import called


async def test_a_defect_of_ours_is_one_honest_answer_and_no_text_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = Config(
        providers={"simulated": Provider()},
        models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
    )
    gateway = await start(config)
    try:
        monkeypatch.setattr(gateway.gate.pipeline.attempts, "health", None)  # the next step trips over it
        body = b'{"model": "demo", "messages": [{"role": "user", "content": "canary-4711"}]}'
        with caplog.at_level(logging.ERROR):
            status, answer = await called(application(gateway.gate), "/v1/chat/completions", body)
        assert status == 500
        assert b'"code":"internal"' in answer
        assert b"canary-4711" not in answer
        assert "AttributeError at plan.py" in caplog.text
        assert "canary-4711" not in caplog.text
        assert gateway.gate.pipeline.setup.under_way == 0
        assert not gateway.gate.inside
    finally:
        await gateway.close()


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("evil.test", 403)])
async def test_metrics_of_a_gateway_without_keys_are_for_this_machine(host: str, status: int) -> None:
    gateway = await start(Config())
    try:
        assert (await called(gateway.app, "/metrics", b"", {"host": host}, method="GET"))[0] == status
    finally:
        await gateway.close()
