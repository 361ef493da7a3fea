"""The strictest action wins, nothing unlooked at leaves, and chunks change nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.editor import FAILED, Blocked, Editor, Looking, Rule, Spans
from gateway.guards.finding import Finding
from gateway.guards.pattern import Pattern
from gateway.guards.verdicts import Verdict, Verdicts

CODE = Pattern("CODE", r"INT-[0-9]{6}", detector="codes")
DIGITS = Pattern("DIGITS", r"(?<![0-9])[0-9]{6}(?![0-9])", detector="numbers", score=0.4)
MASK = Rule("p", "mask-codes", "mask")
TOKENIZE = Rule("p", "tokenize-digits", "tokenize")
BLOCK = Rule("q", "block-codes", "block")
LOG = Rule("q", "log-codes", "log")


def edited(text: str, *rules: tuple[Rule, list[Pattern]], sizes: list[int] | None = None) -> tuple[str, Verdicts]:
    verdicts = Verdicts()
    spoken = [(rule, [one.detector for one in found]) for rule, found in rules]
    looking = Looking("content", spoken, [one for _, found in rules for one in found])
    editor = Editor(looking, verdicts, lambda _rule, kind, value: f"<{kind}_{value[::-1]}>")
    out, at = "", 0
    for size in sizes or [len(text)]:
        out += editor.feed(text[at : at + size])
        at += size
    return out + editor.feed(text[at:]) + editor.close(), verdicts


def test_a_value_is_masked_or_becomes_a_placeholder() -> None:
    assert edited("see INT-123456.", (MASK, [CODE]))[0] == "see [CODE]."
    assert edited("see 123456.", (TOKENIZE, [DIGITS]))[0] == "see <DIGITS_654321>."
    assert edited("a INT-123456", (Rule("p", "r", "mask", with_text="***"), [CODE]))[0] == "a ***"


def test_findings_that_overlap_are_one_under_the_strictest_rule() -> None:
    text, verdicts = edited("see INT-123456.", (TOKENIZE, [DIGITS]), (MASK, [CODE]))
    assert text == "see [CODE]."
    assert dict(verdicts) == {
        Verdict("p", "mask-codes", "content", "CODE", "mask", "enforced"): 1,
        Verdict("p", "tokenize-digits", "content", "DIGITS", "tokenize", "enforced"): 1,
    }


def test_two_rules_on_one_finding_are_both_counted_and_the_strictest_acts() -> None:
    with pytest.raises(Blocked) as caught:
        edited("see INT-123456.", (MASK, [CODE]), (BLOCK, [CODE]), (LOG, [CODE]))
    assert (caught.value.rule, caught.value.kind, caught.value.place) == (BLOCK, "CODE", "content")
    assert "123456" not in str(caught.value)


def test_a_rule_that_only_logs_changes_nothing() -> None:
    text, verdicts = edited("see INT-123456.", (LOG, [CODE]))
    assert text == "see INT-123456."
    assert [verdict.rule for verdict, _ in verdicts] == ["log-codes"]


def test_a_shadow_rule_counts_what_it_would_have_done() -> None:
    text, verdicts = edited("see INT-123456.", (Rule("p", "r", "block", enforced=False), [CODE]))
    assert text == "see INT-123456."
    assert dict(verdicts) == {Verdict("p", "r", "content", "CODE", "block", "shadow"): 1}


@pytest.mark.parametrize(("least", "changed"), [(0.3, True), (0.5, False)])
def test_a_finding_below_the_least_score_is_none(least: float, changed: bool) -> None:
    rule = Rule("p", "r", "mask", min_score=least)
    assert (edited("x 123456", (rule, [DIGITS]))[0] != "x 123456") is changed


def test_invisible_characters_hide_nothing() -> None:
    assert edited("INT-12" + "\u200b" * 300 + "3456", (MASK, [CODE]))[0] == "[CODE]"
    assert edited("INT-1\u200b2\u2060345\ufeff6!", (MASK, [CODE]))[0] == "[CODE]!"


@given(
    st.lists(
        st.sampled_from(["INT-", "123456", "12", "INT-123456", " ", "가", "\u200b", "\u200b" * 20, "4"]), max_size=10
    ),
    st.lists(st.integers(1, 5), max_size=40),
)
def test_chunks_change_nothing(parts: list[str], sizes: list[int]) -> None:
    rules = [(MASK, [CODE]), (TOKENIZE, [DIGITS])]
    whole, verdicts = edited("".join(parts), *rules)
    pieces, other = edited("".join(parts), *rules, sizes=sizes)
    assert (pieces, verdicts.counts) == (whole, other.counts)
    assert "INT-123456" not in whole


SLOW = Pattern("SLOW", r"(?:\w{1,9}\w{1,9}-?){1,12}#", detector="slow")


@pytest.mark.parametrize("streamed", [False, True])
def test_a_pattern_that_takes_too_long_holds_the_text_back(streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.guards.allowance.SECONDS", 0.01)
    text = "a" * 400
    with pytest.raises(Blocked) as caught:
        edited(text, (MASK, [SLOW]), sizes=[200, 200] if streamed else None)
    assert caught.value.kind == FAILED
    passing = Rule("p", "r", "block", passes_on_error=True)
    shown, verdicts = edited(text, (passing, [SLOW]), sizes=[200, 200] if streamed else None)
    assert shown == text
    assert Verdict("p", "r", "content", "", "block", "failed") in verdicts.counts


def test_what_checks_have_found_is_changed_though_a_pattern_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.guards.allowance.SECONDS", 0.01)
    passing = Rule("p", "r", "mask", passes_on_error=True)
    looking = Looking("user", [(passing, ["slow", "judge"])], [SLOW])
    text = "Anna " + "a" * 400 + "!#"
    verdicts = Verdicts()
    shown = Editor(looking, verdicts).edited(text, [Finding(0, 4, "NAME", "judge")])
    assert Verdict("p", "r", "user", "", "mask", "failed") in verdicts.counts
    assert shown == "[NAME]" + text[4:]


def test_findings_of_a_check_are_all_replaced_in_whatever_order_they_come() -> None:
    looking = Looking("content", [(MASK, ["check"])], [])
    found = [Finding(11, 15, "B", "check"), Finding(0, 4, "A", "check"), Finding(2, 6, "A", "check")]
    edit = Spans(found, looking, Verdicts())
    assert "".join([edit.feed("plum"), edit.feed("my fi"), edit.feed("g pear end"), edit.close()]) == "[A] fig [B] end"


def test_a_finding_whose_beginning_was_sent_is_said_to_straddle() -> None:
    verdicts = Verdicts()
    shadow = Rule("p", "shadow", "mask", enforced=False)
    looking = Looking("content", [(MASK, ["check"]), (LOG, ["check"]), (shadow, ["check"])], [])
    edit = Spans([Finding(10, 12, "A", "check", cut=True)], looking, verdicts, at=10)
    assert edit.feed("um pie") == "[A] pie"
    assert {(verdict.rule, verdict.said) for verdict, _ in verdicts} == {
        ("mask-codes", "straddled"),
        ("log-codes", "enforced"),
        ("shadow", "shadow"),
    }
