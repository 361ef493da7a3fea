"""Korean particles as they agree with what stands before them."""

from typing import Final

_FORMS: Final = {
    "을": ("을", "를"),
    "이": ("이", "가"),
    "은": ("은", "는"),
    "과": ("과", "와"),
    "로": ("으로", "로"),
    "이라": ("이란", "란"),
}
_CLOSED: Final = frozenset("013678lmnrLMNR")  # digits and letters whose names end in a consonant
_L_LIKE: Final = frozenset("178lrLR")


def agreeing(value: str, particle: str | None) -> str:
    """`value` with the form of the particle that its last sound asks for."""
    if not particle:
        return value
    closed, liquid = _ending(value[-1])
    with_final, without = _FORMS[particle]
    return value + (without if not closed or (particle == "로" and liquid) else with_final)


def _ending(char: str) -> tuple[bool, bool]:
    """Whether it ends in a consonant, and in a liquid one."""
    if "가" <= char <= "힣":
        final = (ord(char) - 0xAC00) % 28
        return final != 0, final == 8
    return char in _CLOSED, char in _L_LIKE
