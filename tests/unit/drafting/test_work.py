"""What is answered about a policy that somebody writes: every mistake in its place, its own tests, what it changes; and nothing runs that asks others."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.drafting.work import check, prove, try_box, work
from gateway.drafts.asked import Around, Box, Checked, Job
from gateway.policy.load import load_files, plain

POLICY = """\
haechi: policy/v1
name: support
detectors:
  code: {kind: pattern, match: 'INT-[0-9]{6}', name: INTERNAL_CODE}
rules:
  - {id: no-codes, where: [user], detect: [code], action: tokenize}
tests:
  - {name: a code, say: see INT-123456, model_sees: see <INTERNAL_CODE_*>}
  - {name: another, say: see INT-123456, model_sees: see INT-123456}
"""


def in_force(folder: Path, *texts: str) -> dict[str, Any]:
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return {name: plain(one) for name, one in load_files(paths, {}, frozenset({"KR_RRN"})).documents.items()}


def test_a_sound_policy_is_told_with_its_rules_and_each_of_its_tests() -> None:
    found = check(Job("check", text=POLICY))
    assert not found.mistakes
    assert (found.name, found.version, len(found.digest)) == ("support", 1, 32)
    assert [(one.id, one.action, one.places) for one in found.rules] == [("no-codes", "tokenize", ["user"])]
    assert [(one.name, bool(one.said)) for one in found.cases] == [("a code", False), ("another", True)]
    assert (found.cases[1].said[0].line, found.cases[1].said[0].key) == (9, "tests[1].model_sees")


def test_every_mistake_has_line_and_column_and_says_what_to_do() -> None:
    text = POLICY.replace("detect: [code]", "detekt: [code]").replace("where: [user]", "where: [usr]")
    found = check(Job("check", text=text))
    assert [(one.line, one.column, one.key, one.suggestion) for one in found.mistakes] == [
        (6, 28, "rules[0].where[0]", "user"),
        (6, 34, "rules[0].detekt", "detect"),
    ]
    assert not found.cases


def test_text_that_is_no_yaml_is_a_mistake_and_not_a_failure() -> None:
    assert check(Job("check", text="a: [")).mistakes[0].line > 0


def test_remarks_are_made_of_what_is_hardly_meant() -> None:
    assert check(Job("check", text=POLICY.partition("tests:")[0])).remarks


@pytest.mark.parametrize("reference", ["${HOME}", "${file:/etc/passwd}", "${NONE:-x}"])
def test_nothing_from_outside_is_read_into_it(reference: str) -> None:
    found = check(Job("check", text=POLICY.replace("INT-[0-9]{6}", reference, 1)))
    assert [(one.line, one.key) for one in found.mistakes] == [(4, "detectors.code.match")]
    assert "outside" in found.mistakes[0].message
    assert "root" not in found.mistakes[0].message


def test_a_secret_that_is_not_looked_up_is_no_mistake_and_its_webhook_is_not_asked() -> None:
    text = POLICY.replace(
        "rules:\n",
        "  hook: {kind: webhook, url: 'http://127.0.0.1:1/', secret: '${HOOK}'}\nrules:\n"
        "  - {id: ask, where: [user], detect: [hook, code], action: block}\n",
    )
    found = check(Job("check", text=text))
    assert not found.mistakes
    assert found.unrun == [("support/ask", "hook (webhook)")]


def test_a_kind_of_another_distribution_is_refused_by_name() -> None:
    found = check(Job("check", text=POLICY.replace("kind: pattern", "kind: patern")))
    assert found.mistakes[0].suggestion == "pattern"


def test_names_of_the_configuration_are_judged_where_there_is_one() -> None:
    bound = POLICY.replace("name: support\n", "name: support\nbind: {models: [fast]}\n")
    assert not check(Job("check", text=bound)).mistakes
    around = Around(models=["slow"], configured=True)
    assert "fast" in check(Job("check", around=around, text=bound)).mistakes[0].message


def test_what_it_changes_is_told_rule_by_rule_and_line_by_line(tmp_path: Path) -> None:
    around = Around(in_force(tmp_path, POLICY))
    found = check(Job("check", around=around, text=POLICY.replace("tokenize}", "log}"), before=POLICY))
    assert [(one.what, one.rule, one.way) for one in found.changes] == [("changed", "no-codes", "looser")]
    assert [line for line in found.diff if line.startswith("-  - {id: no-codes")]
    assert [one.key for one in found.remarks] == ["version"]
    raised = check(Job("check", around=around, text=POLICY.replace("name: support", "name: support\nversion: 2")))
    assert not raised.remarks
    same = check(Job("check", around=around, text=POLICY, before=POLICY))
    assert (same.changes, same.diff) == ([], [])


def test_a_policy_in_force_can_be_extended_and_one_below_is_told_when_it_would_loosen(tmp_path: Path) -> None:
    around = Around(in_force(tmp_path, POLICY))
    child = "haechi: policy/v1\nname: child\nextends: [support]\n"
    found = check(Job("check", around=around, text=child))
    assert not found.mistakes
    assert [(one.policy, one.id) for one in found.rules] == [("support", "no-codes")]
    loosened = f"{child}rules: [{{id: no-codes, where: [user], detect: [code], action: log}}]\n"
    assert "loosen" in check(Job("check", around=around, text=loosened)).mistakes[0].message

    with_child = Around(in_force(tmp_path, POLICY, loosened.replace("action: log", "action: tokenize")))
    stricter = check(Job("check", around=with_child, text=POLICY.replace("tokenize}", "block}")))
    assert [(one.file, one.line) for one in stricter.mistakes] == [("policy child", 0)]


def test_a_policy_that_extends_what_only_another_distribution_can_read_is_told_so() -> None:
    around = Around({"theirs": {"haechi": "policy/v1", "name": "theirs", "detectors": {"x": {"kind": "elsewhere"}}}})
    found = check(Job("check", around=around, text="haechi: policy/v1\nname: child\nextends: [theirs]\n"))
    assert [one.key for one in found.mistakes] == ["extends"]


def test_tests_of_a_policy_in_force_run_without_its_file(tmp_path: Path) -> None:
    found = prove(Job("prove", around=Around(in_force(tmp_path, POLICY)), name="support"))
    assert [(one.name, bool(one.said)) for one in found.cases] == [("a code", False), ("another", True)]
    assert prove(Job("prove", name="gone")).unrun


def test_the_box_shows_what_the_model_sees_what_the_caller_sees_and_which_rule_spoke_where() -> None:
    box = Box(say="see INT-123456", answer="it is\n <INTERNAL_\nCODE_*>", pieces=True, streamed=True)
    came = try_box(Job("try", text=POLICY, box=box))
    assert came.model_sees is not None
    assert came.model_sees.startswith("see <INTERNAL_CODE_")
    assert came.content == "it is INT-123456"
    assert "".join(came.pieces) == came.content
    found = came.found[0]
    assert (found.rule, found.kind, found.span, found.where) == (
        "support/no-codes",
        "INTERNAL_CODE",
        (4, 14),
        came.said_at,
    )


def test_placeholders_of_the_box_are_of_a_key_that_is_thrown_away() -> None:
    box = Box(say="see INT-123456")
    one, other = (try_box(Job("try", text=POLICY, box=box)).model_sees for _ in range(2))
    assert one != other


@pytest.mark.parametrize("surface", ["chat", "responses", "messages", "completions", "embeddings"])
def test_the_box_speaks_every_api_that_takes_json(surface: str) -> None:
    box = msgspec.convert({"say": "see INT-123456", "surface": surface}, Box)
    came = try_box(Job("try", text=POLICY, box=box))
    assert came.status == 200
    assert "INT-123456" not in (came.model_got or "")


def test_what_cannot_be_tried_is_said() -> None:
    assert try_box(Job("try", text=POLICY, box=Box(surface="files"))).mistakes
    assert try_box(Job("try", text="name: x", box=Box())).mistakes


def test_what_blocks_is_named() -> None:
    came = try_box(Job("try", text=POLICY.replace("tokenize}", "block}"), box=Box(say="INT-123456")))
    assert (came.outcome, came.by, came.model_got) == ("blocked", "support/no-codes", None)


def test_questions_and_answers_travel() -> None:
    sound = POLICY.rpartition("  - {name: another")[0]
    answer = work(msgspec.msgpack.encode(Job("check", text=sound)))
    assert msgspec.msgpack.decode(answer, type=Checked) == check(Job("check", text=sound))
