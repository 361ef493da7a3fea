"""What only the composition root can know to be wrong with a configuration."""

import pytest

from gateway.app import check_library
from gateway.config.structs import Config, Model, Provider, Target


def behind_litellm(model: str, connections: int = 1000) -> Config:
    return Config(
        providers={"rest": Provider(kind="litellm", connections=connections)},
        models={"any/*": Model(targets=[Target(provider="rest", model=model)])},
    )


def test_a_caller_may_not_choose_whom_litellm_calls() -> None:
    with pytest.raises(ValueError, match=r"models\.any/\*: .*bedrock"):
        check_library(behind_litellm("*"))
    check_library(behind_litellm("bedrock/*"))


def test_settings_that_litellm_would_ignore_are_said() -> None:
    with pytest.raises(ValueError, match=r"providers\.rest: .*connections"):
        check_library(behind_litellm("bedrock/*", connections=5))
