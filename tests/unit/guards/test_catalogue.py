"""Every entity guards a stream, has its sentence, finds what is well formed and little else."""

import sys
from collections import Counter

import pytest

from gateway.guards.bounds import bounds
from gateway.guards.catalogue import DESCRIPTIONS, ENTITIES, GROUPS, patterns
from gateway.guards.finding import Finding
from gateway.guards.scanner import Scanner
from tests.support.corpus import VALUES, Labelled, Span, generate

ALL = Scanner(patterns(GROUPS, "all"))
ALSO = {
    ("KR_PASSPORT", "PASSPORT"),
    ("KR_PHONE", "PHONE_NUMBER"),
    ("URL_CREDENTIALS", "EMAIL_ADDRESS"),
    ("IBAN_CODE", "CREDIT_CARD"),
    ("KR_BANK_ACCOUNT", "CREDIT_CARD"),
    ("KR_BANK_ACCOUNT", "KR_RRN"),
    ("KR_BANK_ACCOUNT", "KR_FRN"),
    ("AWS_SECRET", "PASSWORD"),
}
"""Kinds that may stand in a value of another kind."""

ENGLISH = (
    "The review went well, and everybody agreed to open the new warehouse before the end of summer. Who leads the team, and how are "
    "shifts organised? Read the notes before Tuesday's meeting (10:30, room 12) and write down what you would change; 45 people come. "
)
KOREAN = (
    "이번 분기 검토는 잘 끝났고, 모두가 새 물류 창고를 여름이 끝나기 전에 열어야 한다는 데 동의했습니다. 교대 근무를 어떻게 나눌지 정해야 "
    "합니다. 화요일 회의(10:30 시작) 전에 메모를 읽고 바꾸고 싶은 점을 적어 주세요; 매주 정도 약 45명이 참석합니다. "
)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_pattern_is_bounded_and_safe_to_search_with(entity: str) -> None:
    for pattern in ENTITIES[entity]:
        assert pattern.kind == entity
        assert not bounds(pattern.regex).risky
        assert 0 < pattern.score <= 1
        assert all(word == word.lower() for word in pattern.context)


def test_every_entity_has_a_sentence_a_group_and_a_maker_of_values() -> None:
    grouped = [entity for group in GROUPS.values() for entity in group]
    assert set(ENTITIES) == set(DESCRIPTIONS) == set(VALUES) == set(grouped)
    assert len(grouped) == len(set(grouped))
    assert all(sentence.endswith(".") for sentence in DESCRIPTIONS.values())


def test_entities_and_groups_give_their_patterns_once_signed() -> None:
    one = patterns(["KR_PHONE", "korean", "KR_PHONE"], "mine")
    assert len(one) == sum(len(ENTITIES[entity]) for entity in GROUPS["korean"])
    assert {pattern.detector for pattern in one} == {"mine"}
    with pytest.raises(KeyError, match="KR_FAX"):
        patterns(["KR_FAX"], "mine")


def test_what_is_well_formed_is_found_and_little_else() -> None:
    """Recall 1.0 for every entity, precision at least 0.98 in all."""
    table = Counter[tuple[str, str]]()
    corpus = generate(seed=3, count=3_000)
    for labelled in corpus:
        _count(table, labelled, ALL.scan(labelled.text))
    _print(table)
    missed = {kind: count for (what, kind), count in table.items() if what == "missed"}
    assert missed == {}
    hits = sum(count for (what, _), count in table.items() if what == "hit")
    false = sum(count for (what, _), count in table.items() if what == "false")
    assert hits == sum(len(labelled.spans) for labelled in corpus)
    assert hits / (hits + false) >= 0.98


def test_chunks_do_not_change_what_is_found() -> None:
    for size, labelled in enumerate(generate(seed=4, count=300)):
        step = size % 7 + 1
        stream = ALL.filter()
        found = [
            finding
            for at in range(0, len(labelled.text), step)
            for finding in stream.feed(labelled.text[at : at + step]).findings
        ]
        assert found + stream.close().findings == ALL.scan(labelled.text)


@pytest.mark.parametrize("text", [ENGLISH, KOREAN])
def test_ordinary_text_holds_nothing_and_hardly_waits(text: str) -> None:
    stream, held = ALL.filter(), list[int]()
    for at in range(0, len(text), 4):
        stream.feed(text[at : at + 4])
        held.append(stream.held)
    assert ALL.scan(text) == []
    assert sum(held) / len(held) <= 5


def test_a_placeholder_is_not_found_again() -> None:
    for entity in ENTITIES:
        assert ALL.scan(f"주소 계좌 passport <{entity}_7a0k3x9qz4>입니다 aws secret") == []


def _count(table: Counter[tuple[str, str]], labelled: Labelled, findings: list[Finding]) -> None:
    """A finding inside a value of its kind belongs to it; one that touches no value, or one of a strange kind, is false."""
    for span in labelled.spans:
        exact = any((one.start, one.end, one.kind) == span for one in findings)
        table["hit" if exact else "missed", span.kind] += 1
    for one in findings:
        if not any(_explains(span, one) for span in labelled.spans):
            table["false", one.kind] += 1


def _explains(span: Span, one: Finding) -> bool:
    inside = span.start <= one.start and one.end <= span.end
    touches = one.start < span.end and span.start < one.end
    return (span.kind == one.kind and inside) or ((span.kind, one.kind) in ALSO and touches)


def _print(table: Counter[tuple[str, str]]) -> None:
    sys.stdout.write(f"\n{'entity':24}{'hits':>6}{'missed':>8}{'false':>7}\n")
    for kind in ENTITIES:
        sys.stdout.write(f"{kind:24}{table['hit', kind]:6}{table['missed', kind]:8}{table['false', kind]:7}\n")
