"""The configuration when no file is given: a simulated model, every vendor whose key is in the environment, and a cache in memory."""

from collections.abc import Mapping
from typing import Final

from gateway.config.cache import Cache
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Target

DEMO: Final = "demo"
SIMULATED: Final = "simulated"


def discovered(env: Mapping[str, str], variables: Mapping[str, str]) -> Config:
    """`variables` are rows of the provider table, each with the variable its key usually stands in; empty means not set.

    Vendor models are asked for as `vendor/model`.
    """
    keys = {name: env[variable] for name, variable in variables.items() if env.get(variable)}
    providers = {SIMULATED: Provider()} | {name: Provider(api_key=Secret(key)) for name, key in keys.items()}
    models = {DEMO: Model(targets=[Target(provider=SIMULATED, model=DEMO)])}
    models |= {f"{name}/*": Model(targets=[Target(provider=name, model="*")]) for name in keys}
    return Config(providers=providers, models=models, cache=Cache())
