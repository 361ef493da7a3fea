"""Chunking never changes what is found, and nothing that was let go is part of a match."""

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.guards.finding import Finding
from gateway.guards.fold import fold
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import Scanner

PATTERNS = [
    Pattern("RRN", r"(?<![0-9])[0-9]{6}-[1-8][0-9]{6}(?![0-9])"),
    Pattern("PHONE", r"(?<![0-9])01[016789]-?[0-9]{3,4}-?[0-9]{4}(?![0-9])"),
    Pattern(
        "EMAIL",
        r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,12}(?![A-Za-z0-9])",
    ),
    Pattern("KEY", r"(?<![A-Za-z0-9])sk-[A-Za-z0-9]{4,12}"),
    Pattern("WORD", "전화번호"),
    Pattern("ACCOUNT", r"(?<![0-9])[0-9]{4}(?![0-9])", context=("계좌",)),
    Pattern("EVEN", r"(?<![0-9])[0-9]{2,6}(?![0-9])", check=lambda digits: int(digits) % 2 == 0),
    Pattern("SHORT", r"a@|@b"),
    Pattern("LONG", r"(?<!<)<[a-z0-9A-Z@. \n-]{0,300}>"),
    Pattern("CASES", r"(?i:no[x-z])\.[A-C]{2}"),
    Pattern("NESTED", r"(?:[a-z]{1,3}-){1,3}!"),
]
BITS = [
    "900101-1234568", "010-1234-5678", "01012345678", "minsu.kim@example.co.kr", "입니다 ", "sk-a1B2", "sk-", "a@b", "010-", "9001", " ",
    "12", "-", ".", "@", "hello ", "한국어 ", "x", "\n", "０１０", "\u200b", "\u200b" * 16, "\u0301", "계좌", "전화", "번호", "\u1112",
    "\u1161", "\u11ab", "\u110c\u1165\u11ab\u1112\u116a\u1107\u1165\u11ab\u1112\u1169", "ㅡ", "1234", "ab-", "!", "<", ">", "<hello 12 " + "x " * 30, "nOx.AB", "Noz.Ca", "\U0010ffff", "\t",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(BITS), max_size=14).map("".join) | st.text(max_size=30)
SCANNER = Scanner(PATTERNS)


@given(TEXTS, st.lists(st.integers(1, 7), max_size=60))
@settings(max_examples=1_000)
def test_chunking_never_changes_what_is_found(text: str, sizes: list[int]) -> None:
    held = SCANNER.filter()
    out, found, at = "", list[Finding](), 0
    for size in [*sizes, len(text)]:
        settled = held.feed(text[at : at + size])
        at += size
        out += settled.text
        found += settled.findings
        assert text.startswith(out)
        assert all(finding.end <= len(out) for finding in settled.findings)
        assert len(out) + held.held == min(at, len(text))
    settled = held.close()
    assert out + settled.text == text
    assert found + settled.findings == SCANNER.scan(text)


@given(TEXTS, TEXTS)
@settings(max_examples=500)
def test_what_was_let_go_is_part_of_no_match_whatever_comes(text: str, more: str) -> None:
    released = len(SCANNER.filter().feed(text).text)
    known = {(one.start, one.end) for one in SCANNER.scan(text) if one.end <= released}
    for finding in SCANNER.scan(text + more):
        assert finding.start >= released or (finding.start, finding.end) in known


@given(TEXTS)
def test_a_finding_is_what_its_pattern_matches_in_the_folded_text(text: str) -> None:
    """An oracle of its own: each pattern over the whole folded text."""
    folded = fold(text)
    expected = {
        (folded.start(match.start()), folded.end(match.end()), pattern.kind)
        for pattern in PATTERNS
        for match in regex.finditer(pattern.regex, folded.text, overlapped=True)
        if pattern.check(match.group())
        and (
            not pattern.context
            or any(word in folded.text[max(0, match.start() - 40) : match.start()] for word in pattern.context)
        )
    }
    assert {(one.start, one.end, one.kind) for one in SCANNER.scan(text)} == expected


def test_only_a_word_to_the_left_is_context() -> None:
    assert [one.kind for one in SCANNER.scan("계좌 1235")] == ["ACCOUNT"]
    assert SCANNER.scan("1235 계좌") == []
    assert SCANNER.scan("계좌" + "x" * 40 + " 1235") == []
