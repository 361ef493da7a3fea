"""Numbers and what they count, as Korean writes them together."""

from collections.abc import Sequence
from typing import Final

from gateway.cache.veto.pieces import Piece
from gateway.cache.veto.quantities import NATIVE, multiplied, sino
from gateway.cache.veto.units import COUNTERS, UNITS

_LONGEST_COUNTER: Final = 5
_BEHIND: Final = frozenset(
    "은 는 이 가 을 를 의 에 도 만 로 으로 와 과 에서 까지 부터 보다 마다 이나 나 씩 쯤 짜리 당 면 이면 인가요 인지 예요 이에요 입니까 입니다 일까요 이죠 죠 인 째 간 동안 후 전 에는 까지는 까지만 까지도 이고 인데 이라도 였나요 이었나요 "
    "이상 이하 미만 초과".split()
)
_FIRST: Final = frozenset("영공일이삼사오육륙칠팔구십백천만억조") | {word[0] for word in NATIVE}
_WITH_ONE: Final = frozenset("원명개불")


def counted(text: str) -> tuple[str, str]:
    """The counter or unit that the text begins with, and what stands behind it: a particle or nothing."""
    for length in range(min(_LONGEST_COUNTER, len(text)), 0, -1):
        name, left = text[:length], text[length:]
        if (name in UNITS or name in COUNTERS) and (not left or left in _BEHIND):
            return name, left
    return "", text


def joined_number(word: str, following: str) -> tuple[str, str, str, int] | None:
    """`세` before `명`, `세명`, `이백만` before `원`: the value, its counter, what is left, and how many words it took."""
    if word[0] not in _FIRST:
        return None
    value = _value(word)
    if value is not None and following:
        counter, left = counted(following)
        if counter:
            return str(value), counter, left, 2
    if value is not None and value > 10 and len(word) > 1:
        return str(value), "", "", 1
    for length in range(min(len(word) - 1, 10), 0, -1):
        value = _value(word[:length])
        counter, left = counted(word[length:])
        if value is not None and counter and (length > 1 or counter[0] in _WITH_ONE or counter == "번째"):
            return str(value), counter, left, 1
    return None


def _value(word: str) -> int | None:
    native = NATIVE.get(word)
    if native is not None:
        return native
    made = sino(word)
    return (
        made
        if made is not None
        and (len(word) == 1 or made >= 10)
        and (len(word) > 1 or made >= 10 or word in "일이삼사오육칠팔구")
        else None
    )


def grown(value: str, text: str, pieces: Sequence[Piece], at: int) -> tuple[str, str, int]:
    """`5` with `만` and `원` behind it: the value, what is left of the text, and how many pieces were read."""
    from_magnitude, rest = multiplied(value, text)
    if rest or from_magnitude == value:
        return from_magnitude, rest, 1
    following = pieces[at + 1] if at + 1 < len(pieces) else None
    if following and following.kind == "hangul" and counted(following.text)[0]:
        return from_magnitude, following.text, 2
    return from_magnitude, rest, 1
