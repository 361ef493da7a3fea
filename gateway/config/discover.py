"""The configuration when no file is given: a simulated model, every vendor whose key is in the environment, a cache in memory, and a
ledger where programs of a user keep what they know.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.config.cache import Cache
from gateway.config.ledger import Ledger
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Record, Target

DEMO: Final = "demo"
SIMULATED: Final = "simulated"


def discovered(env: Mapping[str, str], variables: Mapping[str, str], state: Path | None = None) -> Config:
    """`variables` are rows of the provider table, each with the variable its key usually stands in; empty means not set.
    `state` is the folder for the ledger; without one there is none.

    Vendor models are asked for as `vendor/model`.
    """
    keys = {name: env[variable] for name, variable in variables.items() if env.get(variable)}
    providers = {SIMULATED: Provider()} | {name: Provider(api_key=Secret(key)) for name, key in keys.items()}
    models = {DEMO: Model(targets=[Target(provider=SIMULATED, model=DEMO)])}
    models |= {f"{name}/*": Model(targets=[Target(provider=name, model="*")]) for name in keys}
    if state is None:
        return Config(providers=providers, models=models, cache=Cache())
    ledger = Ledger(url=Secret(f"sqlite:///{state / 'haechi.db'}"))
    record = Record(spool=str(state / "spool"))
    return Config(providers=providers, models=models, cache=Cache(), ledger=ledger, record=record)


def state_folder(env: Mapping[str, str]) -> Path | None:
    """Where the XDG base directories put it, if this user may write there. It is not made here."""
    home, state = env.get("HOME", ""), env.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path(home) / ".local" / "state"
    if not base.is_absolute():
        return None
    folder = base / "haechi"
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return folder if there.is_dir() and os.access(there, os.W_OK | os.X_OK) else None
