"""Telephone numbers of many regions in one pass over the text, where Presidio makes one for each."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneNumberMatch, PhoneNumberMatcher
from presidio_analyzer import RecognizerResult
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from gateway.guards import checksums

REGIONS: Final[Sequence[str]] = PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS
_SHORTEST_ABROAD: Final = 4
"""Digits of the shortest number of any country without what stands before it, of which there is at least one."""
_DIGITS: Final = re.compile(r"\d+")
_BUSINESS: Final = re.compile("[1-9][0-9]{2}-[0-9]{2}-[0-9]{5}")


class OnePass(PhoneRecognizer):  # type: ignore[misc]  # the library is not typed
    """The same recognizer for all its regions at once. A Korean business number is no telephone."""

    def __init__(self, regions: Sequence[str], context: list[str], language: str) -> None:
        super().__init__(context, language, supported_regions=tuple(regions), name="PhoneRecognizer")

    def analyze(self, text: str, _entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        if sum(map(len, _DIGITS.findall(text))) <= _SHORTEST_ABROAD:
            return []
        return [
            self._get_recognizer_result(match, text, None, nlp_artifacts)
            for match in _Matcher(text, self.supported_regions, self.leniency)
            if not _is_business_number(match.raw_string)
        ]


class _Matcher(PhoneNumberMatcher):
    """What the first region takes for a number is one."""

    def __init__(self, text: str, regions: Sequence[str], leniency: int) -> None:
        super().__init__(text, regions[0], leniency)
        self._regions = regions
        self._seen: dict[tuple[str, str, str], PhoneNumberMatch | None] = {}

    def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        """It depends on the candidate and the characters around it alone, and many come again: times, years, prices."""
        end = offset + len(candidate)
        key = self.text[max(0, offset - 1) : offset], candidate, self.text[end : end + 1]
        if key not in self._seen:
            self._seen[key] = self._verified(candidate, offset)
        match = self._seen[key]
        return match and PhoneNumberMatch(offset, match.raw_string, match.number)

    def _verified(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        for region in self._worth_trying(candidate):
            self.preferred_region = region
            match = super()._parse_and_verify(candidate, offset)
            if match is not None:
                return match
        return None

    def _worth_trying(self, candidate: str) -> Sequence[str]:
        """Not those whose shortest number is longer. With a `+` the region does not matter, and with a 0 it may be one abroad."""
        digits = sum(map(str.isdigit, candidate))
        if candidate.startswith("+"):
            return self._regions[:1] if digits > _SHORTEST_ABROAD else ()
        if candidate.lstrip("(").startswith("0"):
            return self._regions if digits > _SHORTEST_ABROAD else ()
        return [region for region in self._regions if digits >= _shortest(region)]


@cache
def _shortest(region: str) -> int:
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    return min(plan.general_desc.possible_length, default=0)


def _is_business_number(text: str) -> bool:
    return _BUSINESS.fullmatch(text) is not None and checksums.business(checksums.digits(text))


def load() -> None:
    """Reads the numbering plans, which would otherwise be read on the first request."""
    for region in REGIONS:
        phonenumbers.PhoneMetadata.metadata_for_region(region, None)
