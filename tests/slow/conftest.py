"""One small model, two servers that have it, and a gateway in front of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.slow.llamacpp import KEY, ModelServer, serving
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.tinymodel import make

CONTEXT = 512
ROOMY_CONTEXT = 2048


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    make(path)
    return path


@pytest.fixture(scope="session")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """Takes prompts of up to `CONTEXT` tokens."""
    with serving(tmp_path_factory.mktemp("llamacpp"), model, CONTEXT) as running_server:
        yield running_server


@pytest.fixture(scope="session")
def roomy(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """Takes prompts of up to `ROOMY_CONTEXT` tokens."""
    with serving(tmp_path_factory.mktemp("roomy"), model, ROOMY_CONTEXT) as running_server:
        yield running_server


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `gateway` writes its records to."""
    return tmp_path_factory.mktemp("recorded") / "records.jsonl"


@pytest.fixture(scope="session")
def gateway(
    server: ModelServer, roomy: ModelServer, recorded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """`tiny` is the model, `blind` says of it that it sees no images; `stray` and `locked` ask for it wrongly; `long` falls back to more room."""
    folder = tmp_path_factory.mktemp("gateway")
    llama = {"kind": "llamacpp", "base_url": server.v1}
    config = {
        "providers": {
            "llama": {**llama, "api_key": KEY},
            "keyless": {**llama, "api_key": "not-the-key"},
            "roomy": {"kind": "llamacpp", "base_url": roomy.v1, "api_key": KEY},
        },
        "models": {
            "tiny": {"targets": [{"provider": "llama", "model": "tiny"}]},
            "blind": {"targets": [{"provider": "llama", "model": "tiny", "lacks": ["images"]}]},
            "stray": {"targets": [{"provider": "llama", "model": "no-such-model"}]},
            "locked": {"targets": [{"provider": "keyless", "model": "tiny"}]},
            "roomy": {"targets": [{"provider": "roomy", "model": "tiny"}]},
            "long": {
                "targets": [{"provider": "llama", "model": "tiny"}],
                "fallbacks": {"context_length": ["roomy"]},
            },
        },
        "retry": {"attempts": 2},
        "record": {"file": str(recorded)},
    }
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.fixture
def openai(gateway: GatewayProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic(gateway: GatewayProcess) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as client:
        yield client
