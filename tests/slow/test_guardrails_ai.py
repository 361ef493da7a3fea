"""The library itself, with validators of our own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.guards.check import Said, understood
from gateway.guards.finding import Finding
from gateway.guards.libraries.guardrails_ai import GuardrailsAiCheck, Misbehaved
from gateway.guards.libraries.workers import LibraryFailed, Overloaded
from tests.slow.offline import offline

pytestmark = pytest.mark.slow
_HERE = "tests.slow.validators"


def said(text: str) -> Said:
    return Said("content", text, text)


async def found(validator: str, text: str, **arguments: Any) -> list[Finding]:
    return [understood(one, text, "") for one in await GuardrailsAiCheck(validator, arguments).look(said(text))]


async def test_a_fail_with_spans_is_a_finding_at_each_of_them() -> None:
    spans = await found(f"{_HERE}:BannedWords", "a Foo and 푸 foo", words=["foo", "푸"])
    assert spans == [Finding(at, to, "BANNED_WORDS") for at, to in [(2, 5), (10, 11), (12, 15)]]


async def test_a_fail_without_spans_is_about_the_whole_text() -> None:
    assert await found(f"{_HERE}:too_long", "0123456789x") == [Finding(0, 11, "TOO_LONG")]


async def test_a_fail_with_a_span_outside_of_the_text_is_about_the_whole_text() -> None:
    assert await found(f"{_HERE}:Elsewhere", "far") == [Finding(0, 3, "ELSEWHERE")]
    assert await found(f"{_HERE}:Elsewhere", "") == [Finding(0, 1, "ELSEWHERE")]


async def test_a_pass_finds_nothing() -> None:
    assert await found(f"{_HERE}:BannedWords", "harmless", words=["foo"]) == []
    assert await found(f"{_HERE}:too_long", "short") == []


async def test_a_registered_name_will_do_once_its_module_was_imported() -> None:
    await found(f"{_HERE}:too_long", "")
    assert await found("house/banned-words", "foo", words=["foo"]) == [Finding(0, 3, "BANNED_WORDS")]


@pytest.mark.parametrize(
    ("validator", "arguments", "message"),
    [
        ("house/none", {}, "no validator is registered as house/none: install the package"),
        ("no.such.module:Class", {}, r"no.such.module:Class cannot be imported \(ModuleNotFoundError"),
        (f"{_HERE}:NoSuch", {}, r"cannot be imported \(AttributeError"),
        (f"{_HERE}:NotOne", {}, "is no validator of Guardrails AI"),
        (f"{_HERE}:DOOR", {}, "is no validator of Guardrails AI"),
        (f"{_HERE}:BannedWords", {}, r"cannot be made with its arguments \(none\): TypeError"),
        (f"{_HERE}:BannedWords", {"words": 5, "x": 1}, r"cannot be made with its arguments \(words, x\): TypeError"),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_loaded(validator: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GuardrailsAiCheck(validator, arguments)


async def test_one_that_raises_fails_and_tells_nothing_of_the_text() -> None:
    with pytest.raises(LibraryFailed) as caught:
        await found(f"{_HERE}:Raises", "880101-1234567")
    assert str(caught.value) == "LookupError"


async def test_one_that_answers_nonsense_fails() -> None:
    with pytest.raises(Misbehaved, match="gave a str"):
        await found(f"{_HERE}:Nonsense", "text")


@pytest.fixture
def opened() -> Iterator[None]:
    yield
    from tests.slow.validators import DOOR

    DOOR.set()


@pytest.mark.usefixtures("opened")
async def test_one_that_hangs_is_left_in_time_and_then_refused_at_once() -> None:
    """Its threads are lost, and its queue is bounded: no text is ever let through, and no memory filled."""
    check = GuardrailsAiCheck(f"{_HERE}:Hangs")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await check.look(said("text"))
    waiting = [asyncio.create_task(check.look(said("text"))) for _ in range(100)]
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert {type(task.exception()) for task in done} == {Overloaded}
    for task in pending:
        task.cancel()
    await asyncio.wait(pending)


def test_nothing_leaves_the_process_and_no_configuration_of_telemetry_is_read_or_written(tmp_path: Path) -> None:
    """Its own file asks for metrics, and is not opened."""
    (tmp_path / ".guardrailsrc").write_text("enable_metrics=true\nid=1\ntoken=x\nuse_remote_inferencing=true\n")
    code = """
import asyncio, os
from gateway.guards.check import Said
from gateway.guards.libraries.guardrails_ai import GuardrailsAiCheck
async def main():
    for name, more in [("BannedWords", {"words": ["foo"]}), ("Infers", {})]:
        check = GuardrailsAiCheck(f"tests.slow.validators:{name}", more)
        print([tuple(one[:3]) for one in await check.look(Said("user", "a bad foo", "a bad foo"))])
asyncio.run(main())
import opentelemetry.trace
from guardrails.utils.hub_telemetry_utils import HubTelemetry
print(HubTelemetry()._enabled, type(opentelemetry.trace.get_tracer_provider()).__name__, os.environ["HOME"])
"""
    printed = offline(code, tmp_path).splitlines()
    assert printed == [
        "[(6, 9, 'BANNED_WORDS')]",
        "[(0, 9, 'INFERS')]",
        f"False ProxyTracerProvider {tmp_path}",
    ]
    assert [path.name for path in tmp_path.iterdir()] == [".guardrailsrc"]
