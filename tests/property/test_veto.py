"""The veto is symmetric, lets every question serve itself however it is written, raises nothing, and its work is bounded."""

import sys
import unicodedata
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.cache.veto import LONGEST, Reason, echo_veto, read, veto
from gateway.cache.veto.korean_verbs import verb
from gateway.cache.veto.lemma import lemma
from gateway.cache.vetoes import vetoes
from tests.pairs.corpus import made, written

QUESTIONS: Final = [text for lang in ("en", "ko") for pair in written(lang) for text in (pair.text_a, pair.text_b)]
WORDS: Final = sorted(
    {word for text in QUESTIONS for word in text.split()}
    | {chr(34), chr(39), "--", "$5", "3rd", "1,000", "5만", "10:30", "km/h", "이백만", "세", "안", "못", "\n"}
)
MOST_CALLS_PER_CHARACTER: Final = 40
MOST_CALLS: Final = 3_000

question = st.sampled_from(QUESTIONS)
anything = st.text(max_size=LONGEST) | st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)


@given(anything | question, anything | question)
@example("\ud800", "\udfff '")
@example("'s", "'s capital's")
def test_it_says_the_same_of_both_orders(one: str, other: str) -> None:
    assert veto(one, other) == veto(other, one)


@given(anything)
def test_every_text_may_serve_itself(text: str) -> None:
    assert veto(text, text) == []
    assert echo_veto(text, text, text) == []


@given(question, st.sampled_from(["upper", "lower", "swapcase"]), st.sampled_from(["", "?", "!!", ".", " "]), st.data())
def test_case_spaces_and_final_marks_decide_nothing(text: str, case: str, mark: str, data: st.DataObject) -> None:
    gaps = [data.draw(st.sampled_from([" ", "  ", "\t", "\u00a0"])) for _ in text.split(" ")]
    other = "".join(word + gap for word, gap in zip(text.split(" "), gaps, strict=True)).strip()
    assert veto(text, getattr(other.rstrip("?!."), case)() + mark) == []


@given(question, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_composed_and_decomposed_letters_are_the_same(text: str, form: Any) -> None:
    assert veto(text, unicodedata.normalize(form, text)) == []


@given(question)
def test_full_width_letters_and_digits_are_the_same(text: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isalnum() else char for char in text)
    assert veto(text, wide) == []


@given(question)
def test_what_is_read_shows_nothing_of_the_question(text: str) -> None:
    said = repr(veto(text, "Is this what it was?")) + repr(read(text))
    long_words = {word for word in text.split() if len(word) > 9 and word.isascii()}
    assert not any(word in said for word in long_words)


@given(
    st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=14),
    st.text(min_size=1, max_size=12),
)
def test_any_word_has_a_stem(hangul: str, word: str) -> None:
    assert verb(hangul).stem
    assert lemma(word.casefold())


REPEATED: Final = ["1 ", "not ", "'s ", "a's ", '"', '"a', "(", "(a", "one ", "hundred ", "수 있 ", "할 수 있 ", "하", "해", "아니 ", "안 ", "만", "1만", "지 않", "어떻게 하면 ",
                   "how do i ", "what is the best way ", "a,", "a-", "1,", "1,111", ".", " ", "면 안 되", "A와 ", "만원 ", "첫 번째 ", "5 kg ", "x", "가나다라마바사아자차"]  # fmt: skip


@given(st.sampled_from(REPEATED), st.sampled_from(REPEATED), st.integers(1, 4_000))
@settings(max_examples=150)
def test_the_work_grows_with_the_text_and_no_faster(one: str, other: str, size: int) -> None:
    asked, stored = (one * size)[:size], (other * size)[:size]
    assert calls(asked, stored) <= MOST_CALLS + MOST_CALLS_PER_CHARACTER * min(2 * size, 2 * LONGEST)


def test_a_question_of_four_thousand_characters_is_hardly_read() -> None:
    asked, stored = (" ".join(QUESTIONS)[start : start + 4_000] for start in (0, 2_000))
    assert veto(asked, stored) == [Reason("length", f"over {LONGEST}")]
    assert calls(asked, stored) < 100


def test_numbers_of_another_question_in_an_answer_are_an_echo() -> None:
    traps = [pair for pair in made("en") if pair.category == "number" and not pair.duplicate][:50]
    assert traps
    assert all(vetoes(pair.text_a, pair.text_b, pair.text_b) for pair in traps)


def calls(asked: str, stored: str) -> int:
    """How many calls, of Python and of C, a veto takes that remembers nothing."""
    read.cache_clear()
    verb.cache_clear()
    lemma.cache_clear()
    count = 0

    def counting(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        veto(asked, stored)
    finally:
        sys.setprofile(None)
    return count
