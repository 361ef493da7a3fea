"""Connections over reloads: those under way stay whole, those that nobody needs any more are closed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.eventually import eventually
from tests.support.gatewayprocess import running, written
from tests.support.rawclient import Line
from tests.support.scripted import (
    DONE,
    HEAD,
    LAST,
    PATHS,
    Stage,
    asking,
    chat_body,
    chat_chunk,
    chunk,
    configured,
    target,
    upstreams,
    whole,
)

_MODELS: Final[dict[str, Any]] = {
    "streams": {"targets": [target("streams", "m")]},
    "other": {"targets": [target("other", "m")]},
}
_PROVIDERS: Final = {"streams": ("chat",), "other": ("chat",)}
_RELOADED: Final = "the configuration was reloaded"


class Reloading:
    """A gateway whose file can be changed."""

    def __init__(self, play: Stage, config: dict[str, Any], folder: Path) -> None:
        self.play = play
        self.config = config
        self._folder = folder

    def reload(self, **changes: Any) -> None:
        """Puts the configuration with these sections in force."""
        self.config = {**self.config, **changes}
        before = self.play.process.log.count(_RELOADED)
        written(self._folder, self.config)
        self.play.process.signal(signal.SIGHUP)
        eventually(lambda: self.play.process.log.count(_RELOADED) > before)

    def changed(self, name: str, **changes: Any) -> dict[str, Any]:
        """All providers, one of them with something else in it."""
        providers: dict[str, Any] = self.config["providers"]
        return {**providers, name: {**providers[name], **changes}}

    def open(self, name: str) -> int:
        return self.play.upstreams.open.get(name, 0)


@contextmanager
def started(folder: Path) -> Iterator[Reloading]:
    with upstreams() as made:
        config = configured(made, folder, _PROVIDERS, _MODELS)
        with running(folder, written(folder, config)) as process:
            yield Reloading(Stage(process, made, folder / "records.jsonl"), config, folder)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Reloading]:
    with started(tmp_path) as made:
        yield made


def test_a_stream_outlives_two_reloads_and_its_connections_do_not_outlive_it(gateway: Reloading) -> None:
    play = gateway.play
    gates = [threading.Event() for _ in range(3)]
    words = [step for number, gate in enumerate(gates) for step in (chunk(chat_chunk(f"word{number}")), gate)]
    play.upstreams.play("streams", HEAD, *words, chunk(chat_chunk(finish="stop"), DONE), LAST)
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking("streams", streamed=True))
            line.read_until(b"word0")
            assert gateway.open("streams") == 1
            gateway.reload(retry={"attempts": 1})
            gates[0].set()
            line.read_until(b"word1")
            gateway.reload(providers=gateway.changed("streams", connections=7))
            gates[1].set()
            line.read_until(b"word2")
            assert gateway.open("streams") == 1, "the stream's own connection stands"
            gates[2].set()
            assert line.answer_rest().endswith(DONE)
    finally:
        for gate in gates:
            gate.set()
    (record,) = play.records_of("streams")
    assert (record["outcome"], record["code"]) == ("answered", None)
    eventually(lambda: gateway.open("streams") == 0)
    play.upstreams.play("streams", whole(chat_body("well")))
    assert play.ask("streams").status == 200
    assert gateway.open("streams") == 1, "a connection of the new configuration"


def test_what_is_idle_is_closed_with_the_configuration_that_used_it(gateway: Reloading) -> None:
    play = gateway.play
    for name in _PROVIDERS:
        play.upstreams.play(name, whole(chat_body("well")))
        assert play.ask(name).status == 200
    assert (gateway.open("streams"), gateway.open("other")) == (1, 1)
    gateway.reload(providers=gateway.changed("streams", connections=7))
    eventually(lambda: gateway.open("streams") == 0)
    assert play.ask("other").status == 200
    assert gateway.open("other") == 1
    assert play.upstreams.count("other") == 2, "over the connection that stood"


def test_a_provider_that_is_gone_serves_to_the_end_what_it_began(gateway: Reloading) -> None:
    play = gateway.play
    gate = threading.Event()
    play.upstreams.play("streams", HEAD, chunk(chat_chunk("word0")), gate, chunk(chat_chunk(finish="stop"), DONE), LAST)
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking("streams", streamed=True))
            line.read_until(b"word0")
            others = {name: one for name, one in gateway.config["providers"].items() if name != "streams"}
            gateway.reload(providers=others, models={"other": _MODELS["other"]})
            gateway.reload(retry={"attempts": 1})
            assert play.ask("streams").status == 404
            gate.set()
            assert line.answer_rest().endswith(DONE)
    finally:
        gate.set()
    eventually(lambda: gateway.open("streams") == 0)


def test_there_and_back_again_takes_the_connections_along(gateway: Reloading) -> None:
    """A change that is taken back while a stream holds the old connections: they are the ones in force again."""
    play = gateway.play
    before = gateway.config["providers"]
    gate = threading.Event()
    play.upstreams.play("streams", HEAD, chunk(chat_chunk("word0")), gate, chunk(chat_chunk(finish="stop"), DONE), LAST)
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking("streams", streamed=True))
            line.read_until(b"word0")
            gateway.reload(providers=gateway.changed("streams", connections=7))
            gateway.reload(providers=before)
            gate.set()
            assert line.answer_rest().endswith(DONE)
    finally:
        gate.set()
    play.records_of("streams")
    play.upstreams.play("streams", whole(chat_body("well")))
    assert play.ask("streams").status == 200
    assert gateway.open("streams") == 1


def test_exchanges_of_all_configurations_count_towards_the_limit(gateway: Reloading) -> None:
    """Else each reload would let as many in again."""
    play = gateway.play
    gateway.reload(limits={"concurrent_requests": 1})
    gate = threading.Event()
    play.upstreams.play("streams", HEAD, chunk(chat_chunk("word0")), gate, chunk(chat_chunk(finish="stop"), DONE), LAST)
    play.upstreams.play("other", whole(chat_body("well")))
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking("streams", streamed=True))
            line.read_until(b"word0")
            gateway.reload(retry={"attempts": 1})
            refused = play.ask("other")
            assert (refused.status, refused.json["error"]["code"]) == (503, "overloaded")
            gate.set()
            line.answer_rest()
    finally:
        gate.set()
    play.records_of("streams")
    assert play.ask("other").status == 200
