"""Tests of policies: what holds passes in both forms on every surface, and each kind of mistake is named where it stands."""

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config.mistakes import ConfigError
from gateway.testing import PolicyTestsFailed, run_policy_tests

POLICY = """\
haechi: policy/v1
name: tried
bind: {zones: [internal]}
detectors:
  mail: {kind: personal, entities: [EMAIL_ADDRESS]}
  code: {kind: pattern, match: 'INT-[0-9]{6}'}
rules:
  - {id: tokenize, where: [system, user, assistant, tool_result], detect: [mail], action: tokenize}
  - {id: mask-in-calls, where: [tool_args], detect: [mail], action: mask}
  - {id: no-codes, where: [user, content], detect: [code], action: block}
  - {id: note, where: [content], detect: [mail], action: log}
tests:
"""
FIRST = POLICY.count("\n") + 1
SURFACES = ["chat", "completions", "responses", "messages", "count_tokens", "embeddings", "moderations", "rerank"]
TALKING = ["chat", "responses", "messages"]


def tried(folder: Path, *tests: str) -> int:
    path = folder / "tried.yaml"
    path.write_text(POLICY + "".join(f"  - {{name: n{number}, {one}}}\n" for number, one in enumerate(tests)))
    return run_policy_tests([path], {})


@pytest.mark.parametrize("surface", SURFACES)
def test_what_the_model_sees_is_what_it_was_sent_on_every_surface(tmp_path: Path, surface: str) -> None:
    assert (
        tried(
            tmp_path, f'surface: {surface}, say: "메일은 a@b.co.kr입니다", model_sees: "메일은 <EMAIL_ADDRESS_*>입니다"'
        )
        == 1
    )
    with pytest.raises(PolicyTestsFailed, match="the model got '메일은 <EMAIL_ADDRESS_"):
        tried(tmp_path, f'surface: {surface}, say: "메일은 a@b.co.kr입니다", model_sees: "메일은 a@b.co.kr입니다"')


@pytest.mark.parametrize("surface", TALKING)
def test_system_prompts_and_results_of_tools_are_seen_too(tmp_path: Path, surface: str) -> None:
    wanted = 'model_sees: "at <EMAIL_ADDRESS_*>"'
    assert (
        tried(tmp_path, *(f'surface: {surface}, {one}: "at a@b.kr", {wanted}' for one in ("system", "tool_result")))
        == 2
    )


@pytest.mark.parametrize("surface", TALKING)
def test_the_scripted_model_says_back_the_placeholder_it_got(tmp_path: Path, surface: str) -> None:
    assert tried(
        tmp_path,
        f'surface: {surface}, say: "I am a@b.kr", answer: "Hello <EMAIL_ADDRESS_*>!", caller_sees: "Hello a@b.kr!"',
        f'surface: {surface}, say: "I am a@b.kr", caller_sees: "You said: I am a@b.kr"',
        f'surface: {surface}, say: a@b.kr, answer_chunks: ["to <EMAIL_ADD", "RESS_", "*", ">."], caller_sees: to a@b.kr.',
        f'surface: {surface}, tool_call: {{name: m, arguments: {{to: [x@y.kr]}}}}, caller_sees: \'{{"to": ["[EMAIL_ADDRESS]"]}}\'',
    )


def test_a_body_of_ones_own_is_looked_through_as_a_whole(tmp_path: Path) -> None:
    body = 'body: {messages: [{role: assistant, content: "a@b.kr"}, {role: user, content: "Go on"}]}'
    assert tried(tmp_path, f'{body}, model_sees: "<EMAIL_ADDRESS_*>"') == 1
    with pytest.raises(PolicyTestsFailed, match="in the request, but the model got"):
        tried(tmp_path, f'{body}, model_sees: "a@b.kr"')


MISTAKES = [
    ('say: a@b.kr, model_sees: "a@*"', "model_sees", "expected 'a@*', but the model got '<EMAIL_ADDRESS_"),
    ('say: INT-123456, model_sees: "*"', "model_sees", "expected '*', but it is blocked by `no-codes`"),
    ('answer: Good., caller_sees: "Bad."', "caller_sees", "expected 'Bad.', but the caller got 'Good.'"),
    ('answer: INT-123456, caller_sees: "*"', "caller_sees", "expected '*', but it is blocked by `no-codes`"),
    ("answer: INT-12345, expect: {blocked_by: no-codes}", "expect.blocked_by", "expected a block by `no-codes`, but nothing blocks"),
    ("say: INT-123456, expect: {blocked_by: tokenize}", "expect.blocked_by", "expected a block by `tokenize`, but blocked by `no-codes`"),
    ('answer: "of INT-12345", expect: {never_sent: "INT-1"}', "expect.never_sent", "'INT-1' was sent to the caller"),
    ('answer_chunks: ["IN", "T-", "1"], expect: {never_sent: "INT-1"}', "expect.never_sent", "'INT-1' was sent to the caller"),
    ('surface: responses, answer: "of INT-12345", expect: {never_sent: "INT-1"}', "expect.never_sent", "'INT-1' was sent to the caller"),
    ("answer: a@b.kr, expect: {found_by: [no-codes]}", "expect.found_by", "expected findings of `no-codes`, but those that find something are `note`"),
    ("answer: a@b.kr, expect: {found_by: []}", "expect.found_by", "expected findings of no rule, but those that find something are `note`"),
    ("say: INT-123456, expect: {passes: true}", "expect.passes", "expected true, but blocked by `no-codes`"),
    ("say: INT-12345, expect: {passes: false}", "expect.passes", "expected false, but it passes"),
    ("say: INT-12345", "", "expects nothing, so it can only pass; say what must come out"),
    ("surface: files, expect: {passes: true}", "", "the surface `files` cannot be tried: it takes uploads"),
    ("body: {messages: []}, expect: {passes: true}", "", "the gateway answers with an error: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "key", "said"), MISTAKES, ids=[f"{key}-{number}" for number, (_, key, _) in enumerate(MISTAKES)]
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, test: str, key: str, said: str) -> None:
    with pytest.raises(PolicyTestsFailed) as failed:
        tried(tmp_path, 'say: hello, model_sees: "hello"', test)
    place = f"{tmp_path}/tried.yaml:{FIRST + 1}: tests[1]{'.' + key if key else ''}: 'n1': {said}"
    assert str(failed.value).startswith(place)
    assert "\n" not in str(failed.value)


def test_what_was_sent_before_a_block_is_found_in_the_stream(tmp_path: Path) -> None:
    good = 'answer_chunks: ["Take INT-12", "34", "56"], expect: {blocked_by: no-codes, never_sent: "INT-12"}'
    assert tried(tmp_path, good) == 1
    with pytest.raises(PolicyTestsFailed, match="'Take' was sent"):
        tried(tmp_path, good.replace("INT-12}", "Take}").replace('never_sent: "INT-12"', 'never_sent: "Take"'))


def test_a_form_that_fails_alone_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyTestsFailed) as failed:
        tried(tmp_path, 'answer: "Take INT-123456", expect: {never_sent: "Take"}')
    (line,) = str(failed.value).splitlines()
    assert line.endswith("'Take' was sent to the caller (streamed)")


def test_the_command_says_how_many_passed_and_which_did_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tried.yaml"
    path.write_text(POLICY + "  - {name: one, say: hello, model_sees: hello}\n")
    assert main(["policy", "test", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("1 of 1 tests of 1 policies passed in ")
    path.write_text(path.read_text() + "  - {name: two, say: hello, model_sees: bye, caller_sees: bye}\n")
    assert main(["policy", "test", str(path)]) == 1
    *failures, summary = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in failures] == [f"{path}:{FIRST + 1}"] * 2
    assert summary.startswith("1 of 2 tests of 1 policies passed in ")


HELD = """\
haechi: policy/v1
name: tried
defaults: {timeout_ms: 5000}
detectors:
  code: {kind: pattern, match: 'INT-[0-9]{6}'}
  word: {kind: keywords, words: [forbidden]}
  form: {kind: schema}
rules:
  - {id: refuse, where: [user, content], detect: [code], action: {block: {refuse: true, message: "I would rather not."}}}
  - {id: again, where: [content], detect: [form], action: reask}
  - {id: other, where: [content], detect: [word], action: {fallback: {model: other}}}
tests:
"""


@pytest.mark.parametrize("surface", TALKING)
def test_rules_that_start_over_or_refuse_politely_are_told_from_others_that_hold_the_answer(
    tmp_path: Path, surface: str
) -> None:
    tests = [
        "answer: of INT-123456, expect: {blocked_by: refuse, passes: false}",
        'say: INT-123456, caller_sees: "I would rather not.*", expect: {blocked_by: refuse}',
        "form: {type: object}, answer: no JSON, expect: {blocked_by: again, found_by: [again]}",
        "answer: this is forbidden, expect: {blocked_by: other, found_by: [other], never_sent: forbidden}",
        "answer: Good., caller_sees: Good., expect: {found_by: []}",
    ]
    path = tmp_path / "tried.yaml"
    lines = "".join(f"  - {{name: n{number}, surface: {surface}, {one}}}\n" for number, one in enumerate(tests))
    path.write_text(HELD + lines)
    assert run_policy_tests([path], {}) == len(tests)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no"):
        run_policy_tests([tmp_path], {})
