"""Cuts of a text, by example."""

import time

import pytest

from gateway.guards.segments import Segmenter, Sizes, Windows


def cut(text: str, most: int = 400) -> list[str]:
    made = Segmenter(most)
    return [*made.feed(text), *made.close()]


@pytest.mark.parametrize(
    "segments",
    [
        ["It rains today.", " So we stay in."],
        ["Does it rain?", " Yes, it does!", " Well, well."],
        ["He said “it rains.”", " We stayed."],
        ["비가 내립니다.", " 우리는 집에 있습니다."],
        ["비가 많이 내립니다", " 우리는 집에 있어요", " 그래서 책을 읽어요"],
        ["今日は雨が降っています。", "家にいます。"],
        ["「今日は雨が降っています。」", "と言った。"],
        ["Things to do:\n", "- stay in\n", "- read on\n", "and sleep"],
        ["1. Stay in here.", " 2. Read a lot."],
        ["Version 3.14 of a.b.c is out.", " Get it"],
        ["See http://a.example/?q=x.y today.", " Good"],
        ["Dr. Kim is in.", " Ask him."],
        ["what?!no it is one word"],
        ["한국어 문장입니다만 끝은 아니다"],
        ["Seoul is big\ufffe", "Busan is by the sea\ufffe"],
    ],
)
def test_it_is_cut_behind_sentences_and_lines(segments: list[str]) -> None:
    assert cut("".join(segments)) == segments


def test_a_sentence_leaves_with_the_first_character_behind_it() -> None:
    made = Segmenter(400)
    assert made.feed("It rains today") == []
    assert made.feed(".") == []
    assert made.feed(" S") == ["It rains today."]
    assert made.held == 2


def test_a_line_leaves_with_its_end() -> None:
    assert Segmenter(400).feed("- stay in\n") == ["- stay in\n"]


def test_a_long_sentence_is_cut_behind_its_last_space_or_where_it_must() -> None:
    words = "lorem ipsum " * 20
    assert [len(one) for one in cut(words, 100)] == [96, 96, 48]
    assert [len(one) for one in cut("x" * 250, 100)] == [100, 100, 50]
    assert cut("x" * 99 + "e\u0301" + "y" * 50, 100) == ["x" * 99, "e\u0301" + "y" * 50]
    assert cut("x" * 90 + "<EMAIL_ADDRESS_k3v7q2mzpa>" + "y" * 50, 100)[0] == "x" * 90
    assert [len(one) for one in cut("e" + "\u0301" * 250, 100)] == [100, 100, 51]


def test_a_window_begins_with_whole_words_of_what_stands_before_it() -> None:
    made = Windows(Sizes(400, 12))
    first, second, third = [*made.feed("It rains in Seoul today. So we stay. And read."), *made.close()]
    assert (first.text, first.fresh, first.start) == ("It rains in Seoul today.", 0, 0)
    assert (second.text, second.fresh, second.start) == ("Seoul today. So we stay.", 12, 24)
    assert (third.text, third.fresh, third.start) == ("So we stay. And read.", 11, 36)


def test_without_an_overlap_a_window_is_its_segment() -> None:
    made = Windows(Sizes(400, 0))
    assert [one.fresh for one in made.feed("It rains today. So we stay in. ")] == [0, 0]


@pytest.mark.parametrize("text", ["x" * 1_000_000, "a. " * 300_000, "\u0301" * 300_000, "<" * 300_000, "…" * 300_000])
def test_a_long_text_takes_a_time_that_grows_with_it_alone(text: str) -> None:
    began = time.process_time()
    assert "".join(cut(text, 400)) == text
    assert time.process_time() - began < 5
