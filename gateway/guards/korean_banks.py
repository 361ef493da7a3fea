"""Korean bank accounts: how many digits, in which groups, at which bank.

No check digit is common to banks and no prefix tells an account from an order, so one of the words of `BANK_WORDS` or
`ACCOUNT_WORDS` has to stand in front. The groupings are those that banks print on passbooks and show in their applications.
"""

from collections.abc import Mapping
from typing import Final

from gateway.guards.pattern import Pattern

GROUPINGS: Final[Mapping[str, tuple[tuple[int, ...], ...]]] = {
    "KB": ((6, 2, 6), (3, 2, 4, 3), (4, 2, 7)),
    "Shinhan": ((3, 3, 6), (3, 2, 6)),
    "Woori": ((4, 3, 6), (3, 2, 6), (3, 6, 2, 3)),
    "Hana": ((3, 6, 5), (3, 2, 5, 1), (3, 6, 2, 3)),
    "NH": ((3, 4, 4, 2), (3, 2, 6), (6, 2, 6), (3, 4, 4, 3)),
    "IBK": ((3, 6, 2, 3), (3, 2, 6, 1)),
    "SC": ((3, 2, 6),),
    "Citi": ((3, 6, 3), (3, 5, 3), (1, 6, 3)),
    "KDB": ((3, 4, 4, 3), (3, 7, 1, 3)),
    "Suhyup": ((3, 2, 5, 1), (4, 4, 4)),
    "iM": ((3, 2, 6, 1), (3, 2, 6)),
    "Busan": ((3, 4, 4, 2), (3, 2, 6, 1)),
    "Gwangju": ((4, 3, 6), (3, 3, 6)),
    "Jeonbuk": ((4, 2, 7), (3, 2, 7)),
    "Gyeongnam": ((3, 4, 4, 2), (3, 2, 7)),
    "Jeju": ((2, 2, 6), (3, 2, 6)),
    "Kakao": ((4, 2, 7),),
    "K bank": ((3, 3, 6), (3, 4, 4, 2)),
    "Toss": ((4, 4, 4),),
    "MG": ((4, 4, 4, 1), (4, 2, 6, 1), (4, 3, 6)),
    "Shinhyup": ((3, 3, 6), (5, 2, 5, 1), (4, 3, 6)),
    "Post office": ((6, 2, 6),),
}
"""Digits of each group, by bank."""

BANK_WORDS: Final = (
    "국민은행", "kb국민", "국민 ", "신한", "우리은행", "하나은행", "농협", "기업은행", "ibk", "제일은행", "씨티은행", "산업은행", "수협",
    "대구은행", "im뱅크", "부산은행", "광주은행", "전북은행", "경남은행", "제주은행", "카카오뱅크", "카뱅", "케이뱅크", "토스뱅크",
    "새마을금고", "신협", "우체국예금", "은행",
)  # fmt: skip
ACCOUNT_WORDS: Final = ("계좌", "통장", "account", "acct", "bank")
MOVING_WORDS: Final = ("입금", "송금", "이체", "예금주", "deposit", "transfer", "remit")


def _grouped() -> str:
    """Every grouping of the table, with a dash or a space between the groups. One digit stands before the alternatives: that
    is what makes a search fast.
    """
    every = sorted({grouping for groupings in GROUPINGS.values() for grouping in groupings}, key=_longest_first)
    rows = (
        " ?[- ] ?".join((f"[0-9]{{{first - 1}}}", *(f"[0-9]{{{count}}}" for count in rest))) for first, *rest in every
    )
    return f"[0-9](?:{'|'.join(rows)})"


def _longest_first(grouping: tuple[int, ...]) -> tuple[int, ...]:
    return (-len(grouping), *grouping)


_LENGTHS: Final = {sum(grouping) for groupings in GROUPINGS.values() for grouping in groupings}

KOREAN_BANKS: Final[Mapping[str, tuple[Pattern, ...]]] = {
    "KR_BANK_ACCOUNT": (
        Pattern(
            "KR_BANK_ACCOUNT",
            f"(?<![0-9A-Za-z-]){_grouped()}(?![0-9A-Za-z-])",
            score=0.9,
            context=BANK_WORDS + ACCOUNT_WORDS + MOVING_WORDS,
        ),
        Pattern(
            "KR_BANK_ACCOUNT",
            f"(?<![0-9A-Za-z-])[0-9]{{{min(_LENGTHS)},{max(_LENGTHS)}}}(?![0-9A-Za-z-])",
            score=0.7,
            context=BANK_WORDS + ACCOUNT_WORDS,
        ),
    ),
}
