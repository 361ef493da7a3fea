"""A question as it is compared: one way to write a letter, a quote, a dash and a space; small raised digits stay apart."""

import re
import unicodedata
from typing import Final

_RAISED: Final = {ord(char): f"^{digit}" for digit, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‛′´`ʼ", "'"),
        **dict.fromkeys("“”„‟″«»「」『』《》〈〉", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("…·ㆍ", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", None),
    }
)
_PLAIN: Final = re.compile(r"[\x00-\x7f가-힣]*")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")


def folded(text: str) -> str:
    """NFKC, and one kind of quotes and dashes. Case is kept: it tells names."""
    if _PLAIN.fullmatch(text):
        return text.replace("`", "'")
    text = _PRIVATE.sub("", text)
    composed = unicodedata.normalize("NFKC", text.translate(_RAISED).translate(_ALIKE))
    return composed.translate(_ALIKE).replace("`", "'")
