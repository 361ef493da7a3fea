"""Korean nouns and the particles behind them, which agree with the sound before them."""

from gateway.cache.veto.korean_words import AFTER_CONSONANT, AFTER_VOWEL, LONGEST_PARTICLE, PLAIN, ROLES, SINGLE, WHOLE


def particle_of(word: str) -> tuple[str, str]:
    """The noun and its particle; the word and nothing, if it carries none."""
    for length in range(min(LONGEST_PARTICLE, len(word) - 1), 0, -1):
        particle, stem = word[-length:], word[:-length]
        if (
            particle in ROLES
            and not disagrees(stem[-1], particle)
            and (len(stem) > 1 or stem in SINGLE or particle in PLAIN)
        ):
            return _trimmed(stem), particle
    return word, ""


def _trimmed(stem: str) -> str:
    """Nouns in -이 and -로 lose it even behind a particle, as they lose it where they stand bare: so they meet."""
    if len(stem) > 2 and stem not in WHOLE and stem[-1] in "이로" and not disagrees(stem[-2], stem[-1]):
        return stem[:-1]
    return stem


def disagrees(last: str, particle: str) -> bool:
    final = (ord(last) - 0xAC00) % 28
    if particle in ("로", "로는", "로도", "로만"):
        return final not in (0, 8)
    return (particle in AFTER_CONSONANT and final == 0) or (particle in AFTER_VOWEL and final != 0)
