"""Numbers as they are spelled, in English and Korean. Pure arithmetic over words; what does not add up stays a word."""

from collections.abc import Sequence
from typing import Final

_SMALL: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_LARGE: Final = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth".split(),
        1,
    )
} | {"twentieth": 20, "thirtieth": 30, "hundredth": 100}

ENGLISH: Final = frozenset(_SMALL) | frozenset(_LARGE)
ORDINAL: Final = frozenset(_ORDINALS)


def spelled(words: Sequence[str]) -> tuple[str, int]:
    """The number that these words begin with, and how many of them it takes; `("", 0)` if they begin with none."""
    total = current = taken = 0
    for word in words[:12]:
        if word in _SMALL:
            current += _SMALL[word]
        elif word in _LARGE and (taken or word != "second"):
            current = max(current, 1) * _LARGE[word]
            if _LARGE[word] > 100:
                total, current = total + current, 0
        elif word in _ORDINALS:
            return f"{total + current + _ORDINALS[word]}th", taken + 1
        elif not (
            word == "and"
            and taken
            and words[taken - 1] in _LARGE
            and words[taken + 1 : taken + 2]
            and words[taken + 1] in _SMALL
        ):
            break
        taken += 1
    return (str(total + current), taken) if taken else ("", 0)


_SINO: Final = {char: value for value, char in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "륙": 6}
_TENS: Final = {"십": 10, "백": 100, "천": 1000}
_MYRIADS: Final = {"만": 10**4, "억": 10**8, "조": 10**12}
_NATIVE_ONES: Final = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8,
    "아홉": 9, "첫": 1,
}  # fmt: skip
_NATIVE_TENS: Final = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
_NOT_NUMBERS: Final = frozenset(
    {"만일", "천만에", "이천시", "일일이", "일이", "이일", "이사", "사이", "오이", "구조", "사조"}
)
LONGEST_KOREAN: Final = 16

NATIVE: Final = {
    **_NATIVE_ONES,
    **_NATIVE_TENS,
    **{ten + one: first + second for ten, first in _NATIVE_TENS.items() for one, second in _NATIVE_ONES.items()},
}


def sino(word: str) -> int | None:
    """`이백삼십` is 230. None for what holds anything else, or no digit at all."""
    if not word or len(word) > LONGEST_KOREAN or word in _NOT_NUMBERS:
        return None
    total = section = digit = 0
    for char in word:
        if char in _SINO:
            digit = digit * 10 + _SINO[char]
        elif char in _TENS:
            section, digit = section + max(digit, 1) * _TENS[char], 0
        elif char in _MYRIADS:
            total, section, digit = total + max(section + digit, 1) * _MYRIADS[char], 0, 0
        else:
            return None
    return total + section + digit


def multiplied(value: str, text: str) -> tuple[str, str]:
    """`5` before `만원` is `50000`, and `원` is left."""
    while text and text[0] in (_TENS | _MYRIADS) and value.replace(".", "", 1).isdigit():
        factor = (_TENS | _MYRIADS)[text[0]]
        if text[0] == "조" and (len(text) == 1 or text[1] in "에의를은가와") and float(value) < 1000:
            break  # an article of a law
        made = float(value) * factor
        if made >= 10**18:
            break
        value, text = str(int(made)) if made == int(made) else str(made), text[1:]
    return value, text
