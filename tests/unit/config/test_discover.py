"""Without a file: the simulated model, and a vendor for each key in the environment."""

from pathlib import Path

import msgspec
import pytest

from gateway.config.discover import discovered, state_folder
from gateway.config.references import references
from gateway.config.strict import Secret
from gateway.config.subject import Named, Rows

VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "groq": "GROQ_API_KEY"}


def test_without_keys_there_is_the_demo_alone() -> None:
    config = discovered({"GROQ_API_KEY": ""}, VARIABLES)
    assert list(config.models) == ["demo"]
    assert list(config.providers) == ["simulated"]
    assert config.models["demo"].targets[0].provider == "simulated"


def test_each_key_switches_its_vendor_on() -> None:
    config = discovered({"OPENAI_API_KEY": "a", "GROQ_API_KEY": "b", "OTHER": "c"}, VARIABLES)
    assert list(config.models) == ["demo", "openai/*", "groq/*"]
    assert config.providers["groq"].api_key == Secret("b")
    target = config.models["openai/*"].targets[0]
    assert (target.provider, target.model) == ("openai", "*")


def test_what_is_discovered_would_pass_as_a_file() -> None:
    config = discovered(dict.fromkeys(VARIABLES.values(), "x"), VARIABLES)
    assert references(config, Named(config.models, config.providers), Rows([*VARIABLES, "simulated"])) == []
    assert msgspec.structs.asdict(config)["listen"].host == "127.0.0.1"


def test_there_is_a_ledger_where_there_is_a_folder_for_it(tmp_path: Path) -> None:
    assert discovered({}, VARIABLES).ledger is None
    config = discovered({}, VARIABLES, tmp_path)
    assert config.ledger is not None
    assert config.ledger.address.path == str(tmp_path / "haechi.db")
    assert config.record.spool == str(tmp_path / "spool")
    assert references(config, Named(config.models, config.providers), Rows([*VARIABLES, "simulated"])) == []


def test_it_is_where_a_user_expects_the_state_of_programs(tmp_path: Path) -> None:
    state, home = tmp_path / "state", tmp_path / "home"
    home.mkdir()
    assert state_folder({"XDG_STATE_HOME": str(state), "HOME": str(home)}) == state / "haechi"
    assert state_folder({"HOME": str(home)}) == home / ".local" / "state" / "haechi"
    assert state_folder({"XDG_STATE_HOME": "relative", "HOME": str(home)}) == home / ".local" / "state" / "haechi"
    assert not list(tmp_path.rglob("haechi"))


@pytest.mark.parametrize("env", [{}, {"HOME": ""}, {"XDG_STATE_HOME": "/dev/null"}])
def test_nobody_who_has_no_place_for_it_gets_one(env: dict[str, str]) -> None:
    assert state_folder(env) is None
