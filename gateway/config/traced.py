"""A configuration with what the environment says of traces."""

from collections.abc import Mapping

from msgspec.structs import replace

from gateway.config.mistakes import ConfigError, Mistake
from gateway.config.structs import Config
from gateway.config.tracing import BadVariable, resolved


def traced(config: Config, env: Mapping[str, str]) -> Config:
    """By the standard variables of OpenTelemetry. Raises `ConfigError`."""
    try:
        tracing = resolved(config.tracing, env)
    except BadVariable as error:
        raise ConfigError([Mistake("the environment", 0, 0, "", str(error))]) from None
    return config if tracing == config.tracing else replace(config, tracing=tracing)
