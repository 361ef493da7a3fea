"""Folding shows a pattern what a reader sees, and every folded character knows where it came from."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.fold import MOST_HIDDEN, SENTINEL, fold, squeezed

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\ufe0f\u034f\u3164"
MIXED = st.text(
    st.sampled_from(
        [*"a1- 가\t０Ａ－ㅡ", *ZERO_WIDTH, "\u0301", "\u1112", "\u1161", "\u1173", "\u11ab", "①", "㎏", SENTINEL]
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("０１０－１２３４", "010-1234"),
        ("010ㅡ1234–5678—9‐0−1", "010-1234-5678-9-0-1"),
        ("a\u00a0b\u3000c\td", "a b c d"),
        ("s\u200bk\u2060-\ufeff1", "sk-1"),
        ("٣٤५", "345"),
        ("𝟎𝟏𝟎 𝐤𝐞𝐲 ⓚ①", "010 key k1"),
        (unicodedata.normalize("NFD", "전화번호 한"), "전화번호 한"),
        ("900113\u11731123451", "900113-1123451"),
        (unicodedata.normalize("NFD", "으-그\u1173늘"), "으-그-늘"),
        ("1\ufe0f\u20e3", "1"),
        ("가나다 é", "가나다 é"),
        (f"a{SENTINEL}b", "a\ufffdb"),
    ],
)
def test_what_looks_alike_is_alike(raw: str, seen: str) -> None:
    assert fold(raw).text == seen


def test_every_syllable_is_put_together_also_those_whose_vowel_looks_like_a_dash() -> None:
    every = "".join(map(chr, range(0xAC00, 0xD7A4)))
    assert fold(unicodedata.normalize("NFD", every)).text == every


def test_a_syllable_is_open_while_more_of_it_may_come() -> None:
    raw = unicodedata.normalize("NFD", "a등")
    assert [fold(raw[:length]).open for length in range(1, 5)] == [1, 1, 1, 4]


@given(MIXED)
def test_spans_of_folded_characters_stand_in_order_and_apart(raw: str) -> None:
    folded = fold(raw)
    ends = [folded.end(at + 1) for at in range(len(folded.text))]
    starts = [folded.start(at) for at in range(len(folded.text))]
    assert starts == sorted(starts)
    assert all(start < end <= len(raw) for start, end in zip(starts, ends, strict=True))
    assert SENTINEL not in folded.text
    assert 0 <= folded.open <= len(raw)


@given(MIXED, MIXED)
def test_what_is_not_open_folds_alike_whatever_comes_behind(raw: str, more: str) -> None:
    folded = fold(raw)
    kept = fold(raw[: folded.open]).text
    assert fold(raw + more).text.startswith(kept)
    assert fold(raw + more).text == kept + fold(raw[folded.open :] + more).text


@given(MIXED.map(lambda text: text * 3), st.lists(st.integers(1, 7)))
def test_squeezing_bounds_every_run_and_does_not_depend_on_chunks(raw: str, sizes: list[int]) -> None:
    whole, _ = squeezed(raw)
    assert fold(whole).text == fold(raw).text
    run, longest = 0, 0
    for char in whole:
        run = run + 1 if fold(char).text == "" else 0
        longest = max(longest, run)
    assert longest <= MOST_HIDDEN
    out, at, run = "", 0, 0
    for size in [*sizes, len(raw)]:
        piece, run = squeezed(raw[at : at + size], run)
        out += piece
        at += size
    assert out == whole


def test_a_long_run_is_cut() -> None:
    assert squeezed("INT-12" + "\u200b" * 100 + "3456") == ("INT-12" + "\u200b" * MOST_HIDDEN + "3456", 0)
