r"""Presidio's recognizers, mended where they are known to fail, each run only on texts in which it could find something.

What is mended: `\b`, `\w` and `\d` are read in ASCII as well, so that a particle behind a value does not hide it; Korean
recognizers and Korean context words are there; kinds that are mostly false alarms have to be asked for; a number that is
only long is no driver's licence, and a business number no telephone; no list of domains is fetched.
"""

import copy
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import regex
import tldextract
from presidio_analyzer import EntityRecognizer, LocalRecognizer, Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer import predefined_recognizers as predefined
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from gateway.guards.libraries.needs import Facts, facts, needs
from gateway.guards.libraries.presidio_phones import REGIONS, OnePass

UNASKED: Final = frozenset({"US_BANK_NUMBER", "US_DRIVER_LICENSE", "URL"})
"""Found only if a policy names them: any long number and any domain is one."""

KOREAN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "CREDIT_CARD": ("카드", "결제"),
    "CRYPTO": ("지갑", "비트코인", "코인"),
    "DATE_TIME": ("날짜", "일자", "생일", "생년월일", "일시"),
    "EMAIL_ADDRESS": ("메일",),
    "IBAN_CODE": ("계좌", "은행", "송금"),
    "IP_ADDRESS": ("아이피", "서버", "접속", "주소"),
    "KR_BRN": ("사업자", "등록번호"),
    "KR_DRIVER_LICENSE": ("면허",),
    "KR_FRN": ("외국인", "등록번호"),
    "KR_PASSPORT": ("여권",),
    "KR_RRN": ("주민", "등록번호"),
    "MAC_ADDRESS": ("맥주소", "물리주소"),
    "PHONE_NUMBER": ("전화", "연락처", "휴대", "핸드폰", "번호", "팩스"),
    "US_PASSPORT": ("여권",),
    "US_SSN": ("사회보장",),
}
"""Words that stand before a value in Korean, by kind: Presidio's own are English."""

_UNICODE_CLASSES: Final = ("\\b", "\\B", "\\w", "\\W", "\\d", "\\D")
_DOMAINS: Final = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
"""Knows the list that came with the library, fetches none and writes none."""
_WORDS: Final = regex.compile(r"[^\W_]+")
_REACH: Final = 160
"""Characters before a value in which its five words of context are looked for."""


class Sieved(LocalRecognizer):  # type: ignore[misc]  # the library is not typed
    """A recognizer with all of its results, asked only about texts that hold what its patterns need."""

    def __init__(self, inner: EntityRecognizer, language: str, words: Iterable[str]) -> None:
        self._inner = inner
        self._needs = [needs(pattern.regex) for pattern in getattr(inner, "patterns", ())]
        self._in_ascii = _in_ascii(inner)
        super().__init__(inner.supported_entities, inner.name, language, context=[word.lower() for word in words])
        self._id = inner.id
        for each in (inner, self._in_ascii):
            if each is not None:
                each.analyze(
                    "-", self.supported_entities, None
                )  # compiles its patterns, which takes longer than a rule waits

    def load(self) -> None:
        """The one inside has loaded itself."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts = None) -> list[RecognizerResult]:
        held = nlp_artifacts.facts if isinstance(nlp_artifacts, Artifacts) else facts(text)
        if self._needs and not any(one.met(held) for one in self._needs):
            return []
        results: list[RecognizerResult] = self._inner.analyze(text, entities, nlp_artifacts)
        if self._in_ascii is not None and not text.isascii():
            results = results + self._in_ascii.analyze(text, entities, nlp_artifacts)
        return results


def _in_ascii(inner: EntityRecognizer) -> EntityRecognizer | None:
    """The same recognizer for which only ASCII letters and digits are parts of words. None if that makes no difference."""
    written = [pattern.regex for pattern in getattr(inner, "patterns", ())]
    if not any(name in pattern for pattern in written for name in _UNICODE_CLASSES):
        return None
    twin = copy.copy(inner)
    twin.patterns = [Pattern(each.name, each.regex, each.score) for each in inner.patterns]
    twin.global_regex_flags = inner.global_regex_flags | regex.ASCII
    return twin


class Email(predefined.EmailRecognizer):  # type: ignore[misc]
    def validate_result(self, pattern_text: str) -> bool:
        """Whether the domain has an end that exists."""
        return bool(_DOMAINS(pattern_text).fqdn)


class Licence(predefined.KrDriverLicenseRecognizer):  # type: ignore[misc]
    """Twelve digits in a row are a licence only if a word beside them says so."""

    def __init__(self) -> None:
        super().__init__(
            patterns=[
                Pattern("dashes", r"(?<![0-9-])[0-9]{2}-[0-9]{2}-[0-9]{6}-[0-9]{2}(?![0-9-])", 0.5),
                Pattern("no dashes", "(?<![0-9-])[0-9]{2} ?[0-9]{2} ?[0-9]{6} ?[0-9]{2}(?![0-9-])", 0.2),
            ],
            name="KrDriverLicenseRecognizer",
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        """None leaves the score of the pattern."""
        plausible = super().validate_result(pattern_text)
        return (True if "-" in pattern_text else None) if plausible else False


class Passport(predefined.KrPassportRecognizer):  # type: ignore[misc]
    """With a word beside it, it scores more than a half."""

    def __init__(self) -> None:
        patterns = [Pattern(each.name, each.regex, 0.2) for each in self.PATTERNS]
        super().__init__(patterns=patterns, name="KrPassportRecognizer")


class Artifacts(NlpArtifacts):  # type: ignore[misc]
    """What is known of a text without a model of its language."""

    def __init__(self, text: str, language: str) -> None:
        super().__init__([], [], [], [], None, language, [])
        self.facts: Facts = facts(text)


class NoModel(NoOpNlpEngine):  # type: ignore[misc]
    """Presidio's engine that does nothing, with what the sieve needs."""

    def __init__(self, language: str) -> None:
        super().__init__([{"lang_code": language, "model_name": "none"}])
        self.load()

    def process_text(self, text: str, language: str) -> Artifacts:
        return Artifacts(text, language)


class Nearby(ContextAwareEnhancer):  # type: ignore[misc]
    """Raises the score of what stands behind a word of its context, as Presidio does with lemmas; here the words themselves, in
    lower case, five of them and the one that the value is attached to.
    """

    def __init__(self) -> None:
        super().__init__(0.35, 0.4, 5, 0)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - the library passes it by this name
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,  # noqa: ARG002 - likewise
    ) -> list[RecognizerResult]:
        words = {recognizer.id: recognizer.context for recognizer in recognizers}
        for result in raw_results:
            said = words.get(result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY])
            if said and self._stands_before(text, result.start, said):
                raised = max(result.score + self.context_similarity_factor, self.min_score_with_context_similarity)
                result.score = min(raised, self.MAX_SCORE)
        return raw_results

    def _stands_before(self, text: str, start: int, words: Sequence[str]) -> bool:
        before = text[max(0, start - _REACH) : start].lower()
        near = " ".join(_WORDS.findall(before)[-self.context_prefix_count :])
        return any(word in near for word in words)


def recognizers(languages: Sequence[str], entities: Sequence[str] | None, language: str) -> list[Sieved]:
    """Those of the languages, or those of the entities in whatever language. They are all made for `language`: nothing in
    them depends on it but the words of their context.
    """
    kinds = None if entities is None else frozenset(entities)
    found = [one for one in _of(languages) if _is_wanted(one.supported_entities, kinds)]
    if kinds is not None:
        known = {kind for one in found for kind in one.supported_entities}
        found += [one for one in _every() if not known.issuperset(set(one.supported_entities) & kinds)]
    merged: dict[str, tuple[EntityRecognizer, dict[str, None]]] = {}
    for one in found:
        _, words = merged.setdefault(one.name, (one, {}))
        words.update(dict.fromkeys(one.context or ()))
        if "ko" in languages:
            words.update((word, None) for kind in one.supported_entities for word in KOREAN_WORDS.get(kind, ()))
    return [Sieved(one, language, words) for one, words in merged.values()]


def _is_wanted(supported: Iterable[str], kinds: frozenset[str] | None) -> bool:
    return UNASKED.isdisjoint(supported) if kinds is None else not kinds.isdisjoint(supported)


def _of(languages: Sequence[str]) -> Iterator[EntityRecognizer]:
    """What Presidio loads for these languages by itself, mended."""
    settings = {"supported_languages": list(languages)}
    regions = ("KR", *REGIONS) if "ko" in languages else REGIONS
    for one in RecognizerRegistryProvider(registry_configuration=settings).create_recognizer_registry().recognizers:
        if isinstance(one, predefined.PhoneRecognizer):
            yield OnePass(regions, one.context, one.supported_language)
        elif isinstance(one, predefined.EmailRecognizer):
            yield Email(name="EmailRecognizer")
        else:
            yield one
    yield predefined.CreditCardRecognizer(name="CreditCardRecognizer")
    if "ko" in languages:
        yield from _korean()


def _korean() -> Iterator[EntityRecognizer]:
    yield from (predefined.KrRrnRecognizer(), predefined.KrFrnRecognizer(), predefined.KrBrnRecognizer())
    yield from (Licence(), Passport())


def _every() -> Iterator[EntityRecognizer]:
    """Also those that Presidio has and does not load."""
    yield from _korean()
    for one in vars(predefined).values():
        if inspect.isclass(one) and issubclass(one, PatternRecognizer):
            yield one()


def known_entities() -> frozenset[str]:
    """All that patterns can find."""
    return frozenset(kind for one in _every() for kind in one.supported_entities) | {"PHONE_NUMBER"}


def nearest(name: str, names: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence."""
    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""
