"""Against Presidio as it comes: the same results but for what is mended, and faster."""

import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import pytest
import regex

from gateway.guards.fold import fold
from gateway.guards.libraries.presidio import PresidioCheck
from tests.support.corpus import generate

pytestmark = pytest.mark.slow

_KINDS_UNASKED: Final = {"US_BANK_NUMBER", "US_DRIVER_LICENSE", "URL"}
_PIECES: Final = (
    "1", "7", "2026", "010", "212", "555", "4111", "1111", "12345", "00", "-", " ", ".", "/", ":", "::", "@", "+82", "+1", "(", ")", ",",
    "a", "AB", "bc1", "DE", "MAY", "T", "Z", "example.com", "x.y@", "192.168.0.1", "fe80", "ff:", "call", "tax", "passport ", "는", "입니다",
    "카드", "١", "\u00e9", "_", "#", "\n", "900101", "DE89370400440532013000", "AKIA", "1abc2", "M1234567",
)  # fmt: skip


class Found(NamedTuple):
    kind: str
    start: int
    end: int
    score: float


def texts(seed: int, count: int) -> list[str]:
    """Folded, as the library is given them: half as people write, half at random."""
    chance = random.Random(seed)
    written = [labelled.text for labelled in generate(seed, count // 2)]
    made = ["".join(chance.choices(_PIECES, k=chance.randrange(1, 25))) for _ in range(count // 2)]
    return [fold(text).text for text in written + made]


@pytest.fixture(scope="module", autouse=True)
def library() -> Any:
    """Imported as the gateway does it, and without what would call out of the stock one."""
    PresidioCheck()
    import tldextract

    quiet = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tldextract.tldextract, "TLD_EXTRACTOR", quiet)
        patch.setattr(tldextract, "extract", quiet)
        yield


def stock(language: str = "en") -> Any:
    import presidio_analyzer as presidio
    from presidio_analyzer.nlp_engine import NoOpNlpEngine
    from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

    nlp = NoOpNlpEngine([{"lang_code": language, "model_name": "none"}])
    settings = {"supported_languages": [language]}
    registry = RecognizerRegistryProvider(registry_configuration=settings).create_recognizer_registry()
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=[language])


def found(results: Iterable[Any]) -> list[Found]:
    return sorted(Found(one.entity_type, one.start, one.end, one.score) for one in results)


def ours(check: PresidioCheck, text: str) -> list[Found]:
    return sorted(Found(kind, start, end, score) for start, end, kind, score in check._analyzer.found(text))


def every_pattern_recognizer() -> Iterator[Any]:
    """Of all countries, whether Presidio loads them by itself or not."""
    import inspect

    from presidio_analyzer import PatternRecognizer, predefined_recognizers

    for one in vars(predefined_recognizers).values():
        if inspect.isclass(one) and issubclass(one, PatternRecognizer):
            yield one()


def test_no_pattern_recognizer_loses_or_gains_anything_but_at_borders_in_ascii() -> None:
    from gateway.guards.libraries.presidio_recognizers import Sieved

    given = texts(1, 600)
    matched, saved = 0, 0
    for one in every_pattern_recognizer():
        sieved = Sieved(one, "en", ())
        called = _counted(one)
        for text in given:
            whole = one.analyze(text, one.supported_entities, None)
            if not text.isascii():
                in_ascii = one.analyze(text, one.supported_entities, None, one.global_regex_flags | regex.ASCII)
                whole = set(found(whole)) | set(found(in_ascii))
            before = len(called)
            mended = sieved.analyze(text, one.supported_entities)
            saved += len(called) == before
            assert set(found(mended)) == (set(found(whole)) if isinstance(whole, list) else whole), (one.name, text)
            matched += len(mended)
    assert matched > 1000
    assert saved > 10_000


def _counted(recognizer: Any) -> list[str]:
    """A list that grows whenever the recognizer is asked for real."""
    called: list[str] = []
    real: Callable[..., Any] = recognizer.analyze

    def analyze(text: str, *arguments: Any, **more: Any) -> Any:
        called.append(text)
        return real(text, *arguments, **more)

    recognizer.analyze = analyze
    return called


def test_telephones_are_those_of_all_regions_but_for_business_numbers() -> None:
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer

    from gateway.guards.libraries.presidio_phones import REGIONS, OnePass

    regions = ("KR", *REGIONS)
    each, one_pass = PhoneRecognizer(supported_regions=regions), OnePass(regions, [], "en")
    differing = []
    for text in texts(2, 800):
        theirs = {(one.start, one.end) for one in each.analyze(text, [])}
        mine = {(one.start, one.end) for one in one_pass.analyze(text, [])}
        if theirs != mine:
            differing.append([text[start:end] for start, end in theirs ^ mine])
    assert differing
    assert all(regex.fullmatch(r"[1-9]\d\d-\d\d-\d{5}", value) for values in differing for value in values), differing


def test_the_analyzer_gives_what_stock_gives_and_context_only_raises_scores() -> None:
    engine, check = stock(), PresidioCheck(["en"])
    raised = 0
    for text in texts(3, 500):
        theirs = [one for one in found(engine.analyze(text, "en")) if one.kind not in _KINDS_UNASKED]
        mine = ours(check, text)
        for one in theirs:
            covers = [at for at in mine if at.kind == one.kind and at.start <= one.start and one.end <= at.end]
            if not (one.kind == "PHONE_NUMBER" and regex.fullmatch(r"[1-9]\d\d-\d\d-\d{5}", text[one.start : one.end])):
                assert any(at.score >= one.score for at in covers), (text, one)
            raised += any(at.score > one.score for at in covers)
        if text.isascii():
            assert {one[:3] for one in mine} <= {one[:3] for one in theirs}, text
    assert raised > 3


def test_it_is_faster(capsys: pytest.CaptureFixture[str]) -> None:
    """In CPU time, which another process on this machine does not lengthen much; the median of ratios that are taken in turn."""
    engine, check = stock(), PresidioCheck(["en"])
    kinds = check._analyzer.entities
    prose = ("The quick brown fox jumps over the lazy dog while nobody in particular watches it. " * 13)[:1024]
    joined = " ".join(labelled.text for labelled in generate(4, 400))
    lines = []
    for name, given, least in [("prose", [prose] * 8, 2.5), ("corpus", _kilobytes(joined, 8), 1.3)]:
        ratios, costs = [], []
        for _ in range(5):
            theirs = _microseconds(lambda text: engine.analyze(text, "en", kinds), given)
            mine = _microseconds(check._analyzer.found, given)
            ratios.append(theirs / mine)
            costs.append((theirs, mine))
        median = sorted(ratios)[2]
        lines.append(
            f"presidio, {name}: {min(costs)[0]:.0f} µs/KB stock, {min(costs)[1]:.0f} here, {median:.1f} times as fast"
        )
        assert median > least, lines
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, ""]))


def _kilobytes(text: str, count: int) -> list[str]:
    return [text[at : at + 1024] for at in range(0, count * 1024, 1024)]


def _microseconds(look: Callable[[str], object], given: Sequence[str]) -> float:
    """Of CPU time for a thousand characters."""
    begun = time.process_time()
    for text in given:
        look(text)
    return (time.process_time() - begun) / sum(map(len, given)) * 1024 * 1e6
