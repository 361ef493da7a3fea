"""Without a file: the simulated model, and a vendor for each key in the environment."""

import msgspec

from gateway.config.discover import discovered
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
