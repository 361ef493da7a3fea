"""Questions whose answer depends on when or by whom they are asked. Pure; English and Korean.

A table of words finds the common ones. What it misses is the certificate's business: such a question shows up as a wrong hit.
"""

import re
from typing import Final

_WHEN: Final = (
    r"today|tonight|tomorrow|yesterday|now|currently|latest|newest|recent(?:ly)?|upcoming|breaking|news|weather|forecast"
    r"|this (?:week|month|year|morning|afternoon|evening|quarter)|(?:last|next) (?:week|month|year|night|quarter)|right now|at the moment"
    r"|what time|what day|how old (?:is|are|am)|live score|as of"
)
_MONEY: Final = r"prices?|stock|exchange rates?|quotes?|how much (?:is|are|does|do)|costs?"
_MINE: Final = r"my|mine|our|ours|i|me|we|us|i'm|i've|am i|myself"
_WHEN_KO: Final = (
    "오늘|내일|어제|모레|그저께|지금|현재|요즘|최근|최신|방금|이번|다음\\s?(?:주|달|해|번)|지난|올해|작년|내년|금년|당장|실시간|뉴스|날씨|예보|몇\\s?시|며칠"
    "|무슨\\s?요일|속보|오전|오후"
)
_MONEY_KO: Final = "가격|시세|주가|환율|얼마|요금|금액|비용|잔액"
_MINE_KO: Final = "내|나의|나는|난|내가|제가|저의|저는|전|우리|저희|나한테|저한테|나에게|저에게|제"

_TIMELY: Final = re.compile(rf"\b(?:{_WHEN}|{_MONEY})\b|{_WHEN_KO}|{_MONEY_KO}", re.IGNORECASE)
_PERSONAL: Final = re.compile(rf"\b(?:{_MINE})\b|(?<!\w)(?:{_MINE_KO})(?!\w)", re.IGNORECASE)


def is_timely(question: str) -> bool:
    """Time words, prices, news: the answer of yesterday may be wrong today."""
    return _TIMELY.search(question) is not None


def is_personal(question: str) -> bool:
    """Of somebody's own: fine among the questions of one user, of nobody else's."""
    return _PERSONAL.search(question) is not None
