"""Where a text is cut depends on the text alone."""

import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.guards.finding import Finding
from gateway.guards.segments import MOST_LEAST, Segmenter, Sizes, Window, Windows

BITS = [
    "It rains. ", "Does it? ", "메일을 보냈습니다 ", "네, 맞아요 ", "그렇습니다.", "「はい。」", "。", "…", "?!", ".", " ", "\n", "\r\n", "- one\n", "3.14",
    "http://a.example/?q=1 ", "<EMAIL_ADDRESS_k3v7q2mzpa>", "<EMAIL_ADDR", "x", "word ", "A" * 60, "e\u0301", "\u0301" * 30, "👨\u200d👩\u200d👧", "🇰🇷", "한",
    "\u1112\u1161\u11ab", "\ufffe", "\ufdd0\ufdd1", "”", ")", "\u2028", "\t", "\u200d", "\ufe0f",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(BITS), max_size=30).map("".join) | st.text(max_size=300)
MOST = st.integers(MOST_LEAST, 200)
SIZES = st.builds(Sizes, MOST, st.integers(0, 120))
CUTS = st.lists(st.integers(0, 9), max_size=80)


def chunks(text: str, sizes: list[int]) -> list[str]:
    found, at = [], 0
    for size in [*sizes, len(text)]:
        found.append(text[at : at + size])
        at += size
    return found


def windows(text: str, sizes: Sizes) -> list[Window]:
    made = Windows(sizes)
    return [*made.feed(text), *made.close()]


@given(TEXTS, CUTS, SIZES)
@settings(max_examples=1_500)
def test_chunking_never_changes_what_a_check_sees(text: str, cuts: list[int], sizes: Sizes) -> None:
    made = Windows(sizes)
    seen, came = list[Window](), 0
    for chunk in chunks(text, cuts):
        seen += made.feed(chunk)
        assert made.held <= sizes.most
        came += len(chunk)
        assert sum(len(one.text) - one.fresh for one in seen) + made.held == came
    seen += made.close()
    assert made.held == 0
    assert seen == windows(text, sizes)


@given(TEXTS, SIZES)
@settings(max_examples=500)
def test_segments_are_the_text_without_a_gap_and_none_is_longer_than_asked_for(text: str, sizes: Sizes) -> None:
    made = windows(text, sizes)
    assert "".join(one.text[one.fresh :] for one in made) == text
    for one in made:
        assert 0 < len(one.text) - one.fresh <= sizes.most
        assert one.fresh <= sizes.overlap
        assert one.text[: one.fresh] == text[one.start - one.fresh : one.start]


@given(TEXTS, MOST)
@settings(max_examples=500)
@example("e" + "\u0301" * 89 + "xy" * 60, 90)
def test_no_cut_parts_what_the_eye_sees_as_one(text: str, most: int) -> None:
    """Save one that is longer than a segment may be, and the separator of a call's strings, which nobody sees."""
    made = Segmenter(most)
    ends, at = set[int](), 0
    for segment in [*made.feed(text), *made.close()]:
        at += len(segment)
        ends.add(at)
    for one in regex.finditer(r"\X", text):
        if one.end() - one.start() <= most - MOST_LEAST and "\ufffe" not in one[0]:
            assert not any(one.start() < end < one.end() for end in ends), one[0]


@given(st.lists(st.sampled_from(["<EMAIL_ADDRESS_k3v7q2mzpa>", "A" * 60, "B", "<", "한글"]), max_size=20), MOST)
@settings(max_examples=500)
def test_no_cut_parts_a_placeholder(bits: list[str], most: int) -> None:
    text = "".join(bits)
    made = Segmenter(most)
    segments = [*made.feed(text), *made.close()]
    whole = text.count("<EMAIL_ADDRESS_k3v7q2mzpa>")
    assert sum(one.count("<EMAIL_ADDRESS_k3v7q2mzpa>") for one in segments) == whole


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(0, 1_000))
def test_a_finding_counts_if_it_reaches_into_what_is_new_and_begins_there_at_the_earliest(
    start: int, length: int, fresh: int, at: int
) -> None:
    window = Window("x" * 101, fresh, at + fresh)
    found = window.findings([Finding(start, start + length, "X")])
    if start + length <= fresh:
        assert found == []
    else:
        expected = Finding(at + max(start, fresh), at + start + length, "X", cut=start < fresh)
        assert found == [expected]
