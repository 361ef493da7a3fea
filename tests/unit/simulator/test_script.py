import pytest

from gateway.simulator.script import NORMAL, Script, ScriptError, Stage, decode

TEXT = """
models:
  demo:
    - {status: 429, retry_after: 1, repeat: 2}
    - {cut: {after_frames: 5, how: fin}}
  once: {steps: [{error: overloaded}], then: normal}
  "*": [{answer: other}]
  /health: [{status: 503}]
"""


def test_each_request_uses_up_one_behaviour_and_the_last_repeats() -> None:
    stage = Stage(decode(TEXT))
    assert [stage.next("demo", "/v1").status for _ in range(4)] == [429, 429, None, None]
    assert stage.next("demo", "/v1").cut is not None
    assert [stage.next("once", "/v1").error for _ in range(3)] == ["overloaded", None, None]
    assert stage.next("any", "/v1").answer == "other"
    assert stage.next(None, "/health").status == 503
    assert stage.next(None, "/v1/models") is NORMAL


def test_an_empty_script_changes_nothing() -> None:
    assert decode("") == Script()
    assert Stage(Script()).next("demo", "/v1") is NORMAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: {demo: [{stauts: 3}]}", "stauts"),
        ("models: {demo: [{status: 3}]}", "status"),
        ("models: {demo: [{error: nonsense}]}", "no error 'nonsense'"),
        ("models: {demo: {steps: []}}", "steps"),
        ("models: [", "script"),
    ],
)
def test_a_mistake_in_a_script_is_named(text: str, said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        decode(text)
