from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.tokens import shred, split


@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(split(text)) == text
    assert "".join(shred(text)) == text


def test_pieces_are_words_or_two_signs_of_other_scripts() -> None:
    assert split("You said: hi") == ["You", " said", ":", " hi"]
    assert split("안녕하세요 너") == ["안녕", "하세", "요", " 너"]
