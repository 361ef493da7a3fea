"""What may serve and what may not, by example; `tests/property/test_veto.py` says what holds for every text."""

import itertools

import pytest

from gateway.cache.veto import LONGEST, Reason, veto
from gateway.cache.veto.reason import ORDER
from tests.pairs.corpus import corpus
from tests.unit.cache import traps_english, traps_korean
from tests.unit.cache.likes import LIKES


def lines(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.strip().splitlines()]


@pytest.mark.parametrize(("asked", "stored"), lines(traps_english.TRAPS) + lines(traps_korean.TRAPS))
def test_a_trap_is_vetoed(asked: str, stored: str) -> None:
    assert veto(asked, stored)


@pytest.mark.parametrize(
    ("asked", "stored", "category"),
    [
        ("Can I pay 50 euros?", "Can I pay 60 euros?", "number"),
        ("Can I pay 50 euros?", "Can I pay 50 dollars?", "unit"),
        ("Where is order A-17?", "Where is order A-71?", "identifier"),
        ("Is it open on Monday?", "Is it open on Sunday?", "time"),
        ("Who runs Siemens?", "Who runs Bosch?", "entity"),
        ('What does "carpe diem" mean?', 'What does "carpe noctem" mean?', "entity"),
        ("Is it safe?", "Is it not safe?", "negation"),
        ("Is it safe?", "Is it unsafe?", "negation"),
        ("How do I enable it?", "How do I disable it?", "antonym"),
        ("Convert euros to yen", "Convert yen to euros", "order"),
        ("Who founded it?", "When founded it?", "question_type"),
        ("Can all users log in?", "Can some users log in?", "scope"),
        ("Who is the king?", "Who was the king?", "tense"),
        ("What is my name?", "What is your name?", "person"),
        ("What is rust?", "What is mold?", "word"),
        ("What is rust?", "러스트가 뭐예요?", "language"),
        ("5명이면 되나요?", "6명이면 되나요?", "number"),
        ("이백만 원인가요?", "삼백만 원인가요?", "number"),
        ("3킬로그램인가요?", "3파운드인가요?", "unit"),
        ("오늘 여나요?", "내일 여나요?", "time"),
        ("로그인이 되나요?", "로그인이 안 되나요?", "negation"),
        ("파일을 여는 법", "파일을 닫는 법", "antonym"),
        ("개가 고양이를 무나요?", "고양이가 개를 무나요?", "order"),
        ("누가 만들었나요?", "언제 만들었나요?", "question_type"),
        ("세 명 이상인가요?", "세 명 이하인가요?", "scope"),
        ("수도는 어디인가요?", "수도는 어디였나요?", "tense"),
    ],
)
def test_a_veto_names_what_differs(asked: str, stored: str, category: str) -> None:
    assert category in {reason.category for reason in veto(asked, stored)}


@pytest.mark.parametrize(
    "alike",
    [
        ["How do I reset my password?", "how can I reset my password", "What is the best way to reset my password?", "Could you please tell me how to reset my password?"],
        ["What is the capital of Peru?", "What's Peru's capital?", "Please tell me the capital of Peru."],
        ["Is it possible to change my e-mail?", "Can I change my email?", "Am I allowed to change my email?"],
        ["In Rust, how do I sort a list?", "How do I sort a list in Rust?"],
        ["Is this edible?", "Is this not inedible?"],
        ["What is the difference between TCP and UDP?", "What is the difference between UDP and TCP?"],
        ["What is twenty-one percent of 1,200?", "What is 21% of 1200?"],
        ["환불은 언제 되나요?", "환불은 언제 돼요?", "환불은 언제 됩니까?", "환불이 언제 될까요?"],
        ["문을 어떻게 여나요?", "문을 어떻게 열어요?", "문을 어떻게 엽니까?", "문을 여는 방법", "문을 여는 법을 알려 주세요"],
        ["누가 이겼나요?", "누가 이겼어요?", "누가 이겼습니까?"],
        ["번역을 취소할 수 있나요?", "번역을 취소할수 있습니까?", "번역 취소할 수 있어요?"],
        ["세 명까지 되나요?", "3명까지 되나요?", "3 명까지 됩니까?"],
        ["이백삼십만 원인가요?", "230만 원인가요?", "2,300,000원인가요?"],
        ["꼭 서명해야 하나요?", "서명하지 않으면 안 되나요?"],
        ["비가 왜 오나요?", "비가 오는 이유가 뭔가요?", "비가 오는 이유를 알려 주세요"],
        ["서울에서 부산까지 얼마나 걸려요?", "서울부터 부산까지 얼마나 걸립니까?"],
    ],
)  # fmt: skip
def test_what_asks_the_same_may_serve(alike: list[str]) -> None:
    for asked, stored in itertools.combinations(alike, 2):
        assert veto(asked, stored) == [], (asked, stored)


@pytest.mark.parametrize(("asked", "stored"), lines(LIKES))
def test_a_question_put_in_another_way_may_be_served(asked: str, stored: str) -> None:
    assert veto(asked, stored) == []


def test_a_long_question_is_served_by_itself_alone() -> None:
    long = "why " * LONGEST
    assert veto(long, long.upper()) == []
    assert veto(long, "why?") == [Reason("length", f"over {LONGEST}")]


def test_reasons_stand_in_one_order_and_hold_words_of_ours_alone() -> None:
    found = [reason for pair in corpus() for reason in veto(pair.text_a, pair.text_b)]
    assert {reason.category for reason in found} <= set(ORDER)
    assert len({reason.word for reason in found}) < 120  # machine words, however many questions there are


def test_no_trap_of_the_half_that_tables_are_tuned_on_passes_and_many_positives_do() -> None:
    passed = [pair for pair in corpus() if pair.history_a == pair.history_b and not veto(pair.text_a, pair.text_b)]
    assert [pair for pair in passed if not pair.duplicate] == []
    for lang in ("en", "ko"):
        assert sum(pair.lang == lang for pair in passed) > 1_000
