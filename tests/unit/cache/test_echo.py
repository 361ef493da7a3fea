import pytest

from gateway.cache.veto import Reason, echo_veto
from gateway.cache.vetoes import vetoes


@pytest.mark.parametrize(
    ("asked", "stored", "answer", "kind"),
    [
        ("How do I pay?", "How do I pay bill 4711?", "Bill 4711 is paid by card.", "number"),
        ("How do I pay?", "I'm with Novatech. How do I pay?", "At novatech you pay by card.", "name"),
        ("Where is it?", "Where is order A-17?", "Order A-17 is on its way.", "identifier"),
        ("얼마예요?", "김민수 과장의 급여는 얼마예요?", "김민수 과장의 급여는 비밀입니다.", "name"),
    ],
)
def test_an_answer_that_repeats_what_only_the_stored_question_named_is_vetoed(
    asked: str, stored: str, answer: str, kind: str
) -> None:
    assert Reason("echo", kind) in echo_veto(asked, stored, answer)
    assert vetoes(asked, stored, answer)


@pytest.mark.parametrize(
    ("asked", "stored", "answer"),
    [
        ("How do I pay?", "How do I pay bill 4711?", "By card."),
        ("How do I pay?", "How do I pay bill 47?", "Call 4711."),
        ("How do I pay bill 4711?", "How do I pay bill 4711?", "Bill 4711 is paid by card."),
        ("How do I pay in Rome?", "How do I pay?", "In Rome by card."),
    ],
)
def test_what_the_asked_question_names_itself_may_stand_in_the_answer(asked: str, stored: str, answer: str) -> None:
    assert echo_veto(asked, stored, answer) == []
