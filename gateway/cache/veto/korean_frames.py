"""Korean phrases that go over several words, written anew as marks before the words are read. Bounded patterns only."""

import re
from collections.abc import Callable
from typing import Final

from gateway.cache.veto.korean_words import CAN, CANNOT, DO, FORBID, HOW, MUST, NOT, TELL, WANT, WHY


def _closed(*finals: int) -> str:
    """Every syllable that ends in one of these consonants."""
    return "".join(chr(point) for point in range(0xAC00, 0xD7A4) if (point - 0xAC00) % 28 in finals)


def _opened(syllable: str) -> str:
    """Without its last consonant: the stem of a verb, as it stands before other endings."""
    return chr(ord(syllable) - (ord(syllable) - 0xAC00) % 28)


_RIEUL: Final = f"[{_closed(8)}]"
_ADNOMINAL: Final = f"[는{_closed(4, 8)}]"
_BE: Final = "(?:되|돼|됩|될|된|됐)"
_END: Final = r"(?=[\s?.!,]|$)"
_DOES: Final = "(?:하나요|해요|합니까|하죠|할까요|하지요|해|하는지요?|하는가요|하지|하면요|해야죠)"
_FRAMES: Final[list[tuple[str, str | Callable[[re.Match[str]], str]]]] = [
    (
        rf"어떻게\s{{0,2}}(?:하면\s{{0,2}}{_BE}[가-힣]{{0,5}}|해야\s{{0,2}}(?:하|해|합|할|{_BE})[가-힣]{{0,5}}|{_DOES}{_END})",
        HOW,
    ),
    (rf"({_RIEUL})\s{{0,2}}수(?:가|는|도)?\s{{0,2}}있", lambda match: f"{_opened(match[1])}나요{CAN}있"),
    (rf"({_RIEUL})\s{{0,2}}수(?:가|는|도)?\s{{0,2}}없", lambda match: f"{_opened(match[1])}나요{CANNOT}있"),
    (rf"(?<=[가-힣])도\s{{1,2}}(?:{_BE}|괜찮|좋)", f" {CAN}있"),
    (rf"면\s{{0,2}}안\s{{0,2}}{_BE}", f"면{FORBID}있"),
    (rf"야\s{{0,2}}(?:하|해|합|할|한|했|{_BE})(?=[가-힣]{{0,5}}{_END})", f"야{MUST}있"),
    (r"지(?:는|도)?\s{1,2}(?:않|말|마)(?=[가-힣])", f"나요{NOT}있"),
    (r"지(?:는|도)?\s{1,2}못(?=[가-힣])", f"나요{NOT}"),
    (r"[는은]\s{0,2}(?:것|거|게|건)(?:이|은|는)?\s{0,2}아니", f"는{NOT}있"),
    (r"(?<=[가-힣])(?:것|거|게|건|이|가|은|는)?\s{1,2}아니", f"{NOT}있"),
    (rf"({_ADNOMINAL})\s{{0,2}}(?:방법|법)(?:[을은이에]|이란)?{_END}", rf"\1{HOW}"),
    (rf"(?<=[가-힣])\s{{0,2}}(?:방법)(?:[을은이에]|이란)?{_END}", HOW),
    (rf"({_ADNOMINAL})\s{{0,2}}(?:이유|까닭)(?:[를을가는은이])?{_END}", rf"\1{WHY}"),
    (r"(?:알려|가르쳐|설명해|말해|말씀해|안내해|알려드려)\s{0,2}(?:주|줘|줄|주시|줬)[가-힣]{0,5}", TELL),
    (r"(?:궁금|알고\s{0,2}싶)[가-힣]{1,5}", TELL),
    (
        rf"(?<=[가-힣])\s{{0,2}}(?:주세요|줘|줘요|주십시오|주시겠어요|줄래요|줄래|주실래요|주겠어요|주실 수 있나요){_END}",
        DO,
    ),
    (r"고\s{0,2}싶[가-힣]{1,5}", f"고{WANT}"),
    (r"(?:이|가|은|는|도)?\s{0,2}불가능", f"{CANNOT}"),
    (r"(?:이|가|은|는|도)?\s{1,2}가능(?=한|하|해|합)", f"{CAN}"),
    (rf"(?:이|가|은|는|도)?\s{{1,2}}안\s{{0,2}}{_BE}", f"{CANNOT}있"),
    (r"(?<=[가-힣])(?:에|을|를)\s{1,2}(?:대해|대해서|대하여|대한|관해|관해서|관하여|관한)(?=\s)", " "),
    (r"(?<=[가-힣])\s{1,2}중\s{0,2}(?=하나)", " "),
]
FRAMES: Final = [(re.compile(pattern), instead) for pattern, instead in _FRAMES]


def framed(text: str) -> str:
    for pattern, instead in FRAMES:
        text = pattern.sub(instead, text)
    return text
