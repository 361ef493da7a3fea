"""What the page to write a policy makes of what comes back."""

import pytest

from gateway.console.policies import Used, bound, used
from gateway.console.writing import EMPTY, Piece, file_name, pieces
from gateway.drafting.work import check
from gateway.drafts.asked import FoundSaid, Job
from gateway.policy.structs import Bind
from tests.support.ledgered import a_row


def found(start: int, end: int, kind: str, *, decides: bool = False, where: str = "here") -> FoundSaid:
    return FoundSaid(f"p/{kind}", kind, "user", where, (start, end), 1.0, "enforced", decides)


def test_the_example_is_sound_and_its_tests_pass() -> None:
    checked = check(Job("check", text=EMPTY))
    assert not checked.mistakes
    assert not checked.remarks
    assert [one.name for one in checked.cases if one.said] == []


def test_findings_stand_in_the_text_and_nothing_of_it_is_lost() -> None:
    text = "call 010 or 020"
    marked = pieces(text, [found(12, 15, "B"), found(5, 8, "A", decides=True)], "here")
    assert marked == [Piece("call "), Piece("010", "A", "p/A"), Piece(" or "), Piece("020", "B", "p/B")]


def test_of_findings_in_one_place_the_one_that_decides_is_shown() -> None:
    marked = pieces("abc", [found(0, 3, "A"), found(0, 3, "B", decides=True), found(1, 2, "C")], "here")
    assert [(one.text, one.kind) for one in marked] == [("abc", "B")]


def test_what_was_found_elsewhere_or_beyond_the_text_is_not_marked() -> None:
    all_ = [found(0, 2, "A", where="there"), found(1, 9, "B"), FoundSaid("p/C", "C", "user", "here", None, 0, "failed", True)]  # fmt: skip
    assert pieces("abc", all_, "here") == [Piece("abc")]
    assert pieces("", [], "here") == [Piece("")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("haechi: policy/v1\nname: support\n", "support.yaml"),
        ("name: ../../etc/passwd\n", "policy.yaml"),
        ('name: a"b\n', "policy.yaml"),
        ("name: x\r\nset-cookie: a", "x.yaml"),
        ("", "policy.yaml"),
    ],
)
def test_the_file_is_named_for_the_policy_and_for_nothing_else(text: str, name: str) -> None:
    assert file_name(text) == name


def test_conditions_of_a_binding_that_fit_everything_are_none() -> None:
    assert bound(None) == bound(Bind()) == []
    assert [(one.by, one.what) for one in bound(Bind(models=["fast"], zones=["external"]))] == [
        ("models", ["fast"]),
        ("zones", ["external"]),
    ]


def test_versions_are_told_with_when_they_were_met_the_last_one_first() -> None:
    met = [(1.0, ["house@1"], "a"), (2.0, ["base@9", "house@2"], "b"), (3.0, ["house@2"], "b"), (4.0, None, None), (5.0, ["warehouse@3"], "c")]  # fmt: skip
    rows = [
        a_row(number, time=at, policies=names, policy_digest=digest) for number, (at, names, digest) in enumerate(met)
    ]
    assert used(rows, "house") == [Used("2", "b", 2.0, 3.0, 2), Used("1", "a", 1.0, 1.0, 1)]
