"""The lines to paste: they are what a shell and Python take, and they name what is there."""

import ast
import shlex

import msgspec
import pytest

from gateway.config.console import Console
from gateway.config.structs import Config, Key, Model, Target
from gateway.greeting import greeting


def config(*models: str, keys: bool = False) -> Config:
    return Config(
        models={name: Model(targets=[Target(provider="p", model="m")]) for name in models},
        keys=[Key(name="anna", hash="sha256:" + "0" * 64)] if keys else [],
    )


def pasted(said: str) -> tuple[list[str], list[str]]:
    """The words of the curl line and of the Python line, as a shell sees them."""
    lines = said.splitlines()
    return (
        shlex.split(next(line for line in lines if line.startswith("curl "))),
        shlex.split(next(line for line in lines if line.startswith("python3 "))),
    )


@pytest.mark.parametrize("keys", [False, True])
def test_both_lines_ask_the_same_thing(keys: bool) -> None:
    curl, python = pasted(greeting(config("demo", keys=keys), "127.0.0.1", 8080))
    assert curl[:2] == ["curl", "http://127.0.0.1:8080/v1/chat/completions"]
    body = msgspec.json.decode(curl[curl.index("-d") + 1])
    assert body == {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}
    assert "Content-Type: application/json" in curl
    assert ("Authorization: Bearer YOUR_KEY" in curl) == keys
    assert python[:2] == ["python3", "-c"]
    tree = ast.parse(python[2])
    constants = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    assert repr(body) in constants
    assert ("Bearer YOUR_KEY" in python[2]) == keys
    assert "'http://127.0.0.1:8080/v1/chat/completions'" in ast.unparse(tree)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/v1"),
        ("0.0.0.0", "http://127.0.0.1:80/v1"),
        ("::", "http://[::1]:80/v1"),
        ("::1", "http://[::1]:80/v1"),
        ("10.0.0.7", "http://10.0.0.7:80/v1"),
        ("gpu.example", "http://gpu.example:80/v1"),
    ],
)
def test_the_address_is_one_that_can_be_connected_to(host: str, shown: str) -> None:
    said = greeting(config("demo"), host, 80)
    assert f"haechi listens on {shown}\n" in said
    curl, python = pasted(said)
    assert curl[1] == f"{shown}/chat/completions"
    assert f'"{shown}/chat/completions"' in python[2]


@pytest.mark.parametrize(
    ("models", "named"),
    [
        (("other", "demo"), "demo"),
        (("first", "second"), "first"),
        (("openai/*", "demo-2"), "openai/MODEL"),
        ((), "MODEL"),
    ],
)
def test_the_model_is_one_that_can_be_asked_for(models: tuple[str, ...], named: str) -> None:
    curl, _ = pasted(greeting(config(*models), "127.0.0.1", 80))
    assert msgspec.json.decode(curl[curl.index("-d") + 1])["model"] == named


def test_all_models_are_named_or_what_to_do_without_any() -> None:
    assert "models: a, b/*\n" in greeting(config("a", "b/*"), "127.0.0.1", 80)
    assert "models: none: name some in the configuration\n" in greeting(config(), "127.0.0.1", 80)


@pytest.mark.parametrize("keys", [False, True])
def test_one_more_line_shows_a_placeholder_where_a_policy_makes_one(keys: bool) -> None:
    said = greeting(config("demo", keys=keys), "127.0.0.1", 8080, shows_placeholders=True)
    plain, shown = (shlex.split(line) for line in said.splitlines() if line.startswith("curl "))
    assert shown[:-1] == plain[:-1]
    body = msgspec.json.decode(shown[-1])
    assert body["model"] == "demo"
    assert "010-1234-5678" in body["messages"][0]["content"]
    assert "010" not in greeting(config("demo", keys=keys), "127.0.0.1", 8080)


def test_the_console_is_named_where_there_is_one() -> None:
    assert "\nconsole: http://127.0.0.1:80/console/ (" in greeting(config("demo"), "127.0.0.1", 80)
    without = Config(console=Console(enabled=False))
    assert "console" not in greeting(without, "127.0.0.1", 80)
