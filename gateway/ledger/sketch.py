"""Sketches of durations that add up: how many fell into each of some bins, whose bounds grow by a constant factor.

That is a DDSketch of fixed bounds (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees", VLDB 2019). A quantile is off by at most `ERROR` of itself, between `LEAST` and `MOST` seconds; what lies beyond counts
as lying there. A sketch is one integer, each bin a digit of it, so that the sketch of two sets is the sum of theirs.
"""

import math
import struct
from bisect import bisect_right
from itertools import accumulate
from typing import Final

ERROR: Final = 0.025
LEAST: Final = 1e-4
MOST: Final = 1e4
_GROWS: Final = (1 + ERROR) / (1 - ERROR)
_LOG: Final = math.log(_GROWS)
BINS: Final = math.ceil(math.log(MOST / LEAST) / _LOG) + 1
_DIGIT: Final = 64
_BYTES: Final = _DIGIT // 8
_MIDDLE: Final = 2 / (_GROWS + 1)
_ONES: Final = tuple(1 << (_DIGIT * index) for index in range(BINS))
_WIDTHS: Final = (1, 2, 4, 8)
_HEAD: Final = struct.Struct("<BH")


def sketch(seconds: float) -> int:
    """Of one duration."""
    return _ONES[_bin(seconds)]


def _bin(seconds: float) -> int:
    """Bin n holds what is over LEAST * _GROWS ** (n - 1), and at most LEAST * _GROWS ** n."""
    if not seconds > LEAST:
        return 0
    return min(math.ceil(math.log(seconds / LEAST) / _LOG), BINS - 1)


def counts(sketched: int) -> list[int]:
    """Of each bin from the lowest."""
    size = (sketched.bit_length() + _DIGIT - 1) // _DIGIT
    return list(struct.unpack(f"<{size}Q", sketched.to_bytes(size * _BYTES, "little")))


def count(sketched: int) -> int:
    return sum(counts(sketched))


def quantiles(sketched: int, shares: tuple[float, ...]) -> list[float]:
    """In seconds, of a sketch that is not empty. A share q stands for the value at rank floor(q * (n - 1)), counted from 0."""
    passed = list(accumulate(counts(sketched)))
    return [_value(bisect_right(passed, int(share * (passed[-1] - 1)))) for share in shares]


def _value(index: int) -> float:
    """As far from the lower bound of the bin as from the upper one, by ratio to itself."""
    return LEAST if index == 0 else LEAST * _GROWS**index * _MIDDLE


def packed(sketched: int) -> bytes:
    """For storing: the bins between the lowest and the highest that are not empty, in as few bytes each as they need."""
    if not sketched:
        return b""
    lowest = ((sketched & -sketched).bit_length() - 1) // _DIGIT
    digits = sketched >> (lowest * _DIGIT)
    size = (digits.bit_length() + _DIGIT - 1) // _DIGIT
    wide = digits.to_bytes(size * _BYTES, "little")
    largest: int = max(struct.unpack(f"<{size}Q", wide))
    width = next(one for one in _WIDTHS if largest < 1 << (8 * one))
    narrow = bytearray(size * width)
    for place in range(width):
        narrow[place::width] = wide[place::_BYTES]
    return _HEAD.pack(width, lowest) + narrow


def unpacked(stored: bytes) -> int:
    """Some 1 µs: pages add up thousands."""
    if not stored:
        return 0
    width: int
    lowest: int
    width, lowest = _HEAD.unpack_from(stored)
    narrow = stored[_HEAD.size :]
    wide = bytearray(len(narrow) // width * _BYTES)
    for place in range(width):
        wide[place::_BYTES] = narrow[place::width]
    return int.from_bytes(wide, "little") << (lowest * _DIGIT)
