"""The library itself, without a model and with small ones made here: what is mended, and what is refused when it is loaded."""

import asyncio
import logging
import textwrap
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.guards.check import Said, understood
from gateway.guards.finding import Finding
from gateway.guards.libraries.presidio import PresidioCheck
from tests.slow.offline import offline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def korean() -> PresidioCheck:
    return PresidioCheck(["en", "ko"])


@pytest.fixture(scope="module")
def english() -> PresidioCheck:
    return PresidioCheck(["en"])


@pytest.fixture(scope="module")
def spacy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Knows one person, one place, and the lemmas of two words."""
    PresidioCheck()
    import spacy

    made = spacy.blank("en")
    ruler: Any = made.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "Kim Minsu"}, {"label": "GPE", "pattern": "Seoul"}])
    lemmas: Any = made.add_pipe("attribute_ruler")
    for word, lemma in [("canary", "canary"), ("rang", "telephone")]:
        lemmas.add(patterns=[[{"ORTH": word}]], attrs={"LEMMA": lemma})
    made.meta["version"] = "1.2.3"
    path = tmp_path_factory.mktemp("spacy") / "model"
    made.to_disk(path)
    return path


def seen(check: PresidioCheck, text: str) -> dict[str, str]:
    """What stands in the text by kind."""
    found = asyncio.run(check.look(Said("user", text, text)))
    return {one.kind: text[one.start : one.end] for one in (understood(one, text, "") for one in found)}


# --- what is mended --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("메일은 minsu.kim@example.co.kr입니다", "EMAIL_ADDRESS", "minsu.kim@example.co.kr"),
        (
            "메일은user@한글도메인.kr",
            "EMAIL_ADDRESS",
            "메일은user@한글도메인.kr",
        ),  # as stock: Hangul may be in an address
        ("카드4111 1111 1111 1111입니다", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("카드는 ４１１１-１１１１-１１１１-１１１１", "CREDIT_CARD", "４１１１-１１１１-１１１１-１１１１"),
        ("a 4111\u20131111\u201311\u200b11\u20131111 b", "CREDIT_CARD", "4111\u20131111\u201311\u200b11\u20131111"),
        ("서버 192.168.0.17로 접속", "IP_ADDRESS", "192.168.0.17"),
        ("전화 010-1234-5678로", "PHONE_NUMBER", "010-1234-5678"),
        ("010-1234-5678", "PHONE_NUMBER", "010-1234-5678"),
        ("주민번호 900101-1234568", "KR_RRN", "900101-1234568"),
        ("외국인등록번호는 900101-5234560이다", "KR_FRN", "900101-5234560"),
        ("사업자 175-28-25459입니다", "KR_BRN", "175-28-25459"),
        ("면허 11-22-333333-44", "KR_DRIVER_LICENSE", "11-22-333333-44"),
        ("운전면허번호는 112233333344입니다", "KR_DRIVER_LICENSE", "112233333344"),
        ("여권 M12345678", "KR_PASSPORT", "M12345678"),
        ("여권번호는 M123A4567이고", "KR_PASSPORT", "M123A4567"),
    ],
)
def test_what_stands_in_korean_text_is_found(korean: PresidioCheck, text: str, kind: str, value: str) -> None:
    assert seen(korean, text).get(kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("운송장 123456789012", "KR_DRIVER_LICENSE"),
        ("tracking no. 112233333344", "KR_DRIVER_LICENSE"),
        ("사업자 175-28-25459", "PHONE_NUMBER"),
        ("ABC12345 D1234567", "US_DRIVER_LICENSE"),
        ("account 123456789012", "US_BANK_NUMBER"),
        ("https://example.com/x", "URL"),
    ],
)
def test_what_is_none_is_not_found(korean: PresidioCheck, text: str, kind: str) -> None:
    assert kind not in seen(korean, text)


def test_a_korean_telephone_is_one_of_korea_only(english: PresidioCheck, korean: PresidioCheck) -> None:
    assert seen(english, "010-1234-5678") == {}
    assert seen(korean, "010-1234-5678") == {"PHONE_NUMBER": "010-1234-5678"}


def test_cards_are_found_in_a_text_of_any_language() -> None:
    """Presidio has this recognizer for four languages."""
    assert seen(PresidioCheck(["ko"]), "4111 1111 1111 1111")["CREDIT_CARD"]


def test_kinds_that_are_mostly_false_alarms_are_found_if_asked_for() -> None:
    check = PresidioCheck(["en"], ["URL", "US_BANK_NUMBER", "UK_NINO"], 0.3)
    text = "see https://example.com/x or bank account 123456789012, AB 12 34 56 C"
    assert seen(check, text) == {
        "URL": "https://example.com/x",
        "US_BANK_NUMBER": "123456789012",
        "UK_NINO": "AB 12 34 56 C",
    }


@pytest.mark.parametrize(
    ("min_score", "found"),
    [
        (0.5, ["EMAIL_ADDRESS", "PHONE_NUMBER"]),
        (0.3, ["EMAIL_ADDRESS", "PHONE_NUMBER"]),
        ({"default": 0.9}, ["EMAIL_ADDRESS", "PHONE_NUMBER"]),
        ({"PHONE_NUMBER": 0.5}, ["EMAIL_ADDRESS"]),
        ({"EMAIL_ADDRESS": 1.0, "default": 0.1, "PHONE_NUMBER": 0.9}, ["EMAIL_ADDRESS"]),
    ],
)
def test_each_kind_has_its_least_score_and_telephones_a_low_one(
    min_score: Mapping[str, float] | float, found: list[str]
) -> None:
    check = PresidioCheck(["en"], ["EMAIL_ADDRESS", "PHONE_NUMBER"], min_score)
    assert sorted(seen(check, "a@example.com 212-555-0123")) == found


@pytest.mark.parametrize(
    "text", ["passport 123456789", "Passport#: 123456789", "여권 123456789", "passport, as of the 3rd, 123456789"]
)
def test_context_counts_without_a_model(text: str) -> None:
    check = PresidioCheck(["en", "ko"], ["US_PASSPORT"], 0.4)
    assert seen(check, text) == {"US_PASSPORT": "123456789"}
    assert seen(check, text.replace("assport", "arcel").replace("여권", "소포")) == {}
    assert seen(check, "passport one two three four five six 123456789") == {}


def test_texts_are_looked_at_in_other_threads(korean: PresidioCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[str] = []

    def findings(*_: object) -> list[Finding]:
        where.append(threading.current_thread().name)
        return []

    monkeypatch.setattr(PresidioCheck, "_findings", findings)
    seen(korean, "text")
    assert where == ["presidio"]


async def test_texts_at_once_do_not_disturb_each_other(korean: PresidioCheck) -> None:
    texts = [f"{'가' * (number % 7)} mail{number}@example.com 010-1234-{number:04}" for number in range(60)]
    answers = await asyncio.gather(*(korean.look(Said("user", text, text)) for text in texts))
    assert [[text[one.start : one.end] for one in found] for text, found in zip(texts, answers, strict=True)] == [
        [f"mail{number}@example.com", f"010-1234-{number:04}"] for number in range(60)
    ]


def test_patterns_are_compiled_before_the_first_request() -> None:
    check = PresidioCheck(["en", "ko"])
    recognizers = check._analyzer.engine.registry.recognizers
    inside = [each for one in recognizers for each in (one._inner, one._in_ascii) if each is not None]
    patterns = [
        (each, pattern) for each in inside if each.name != "IbanRecognizer" for pattern in getattr(each, "patterns", ())
    ]
    assert len(patterns) > 60
    for each, pattern in patterns:
        assert pattern.compiled_with_flags == each.global_regex_flags, each.name


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"entities": ["PERSON"]}, "PERSON needs a model of the language, and the engine `no_op` has none"),
        ({"entities": ["EMAIL_ADDRESS", "LOCATION"], "on_missing": "degrade"}, "LOCATION needs a model"),
        ({"entities": ["PHONE_NUMBR"]}, "no entity PHONE_NUMBR; did you mean PHONE_NUMBER?"),
        ({"min_score": {"PHONE_NUMBR": 0.4}}, "no entity PHONE_NUMBR; did you mean PHONE_NUMBER?"),
        ({"entities": ["KR_RRM"], "languages": ["ko"]}, "did you mean KR_RRN?"),
        ({"model": "x"}, "the engine `no_op` has no model"),
        ({"revision": "1"}, "the engine `no_op` has no model"),
        ({"engine": "spacy"}, "the engine `spacy` needs a `model`"),
        ({"engine": "spacy", "model": "en_core_web_sm"}, "en_core_web_sm is neither a folder nor an installed package"),
        ({"engine": "slim", "model": "en_core_web_sm"}, "en_core_web_sm is neither a folder nor an installed package"),
        ({"engine": "gliner"}, "the engine `gliner` needs a `model`"),
        ({"engine": "gliner", "model": "a/b"}, "needs a library that is not installed: pip install gliner"),
        ({"engine": "transformers", "model": "a/b"}, "needs a library that is not installed: pip install transformers"),
    ],
)
def test_what_cannot_be_found_is_refused_when_it_is_loaded(made: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PresidioCheck(**made)


@pytest.mark.parametrize("engine", ["slim", "spacy", "transformers", "gliner"])
def test_without_the_model_patterns_go_on_where_the_policy_says_so(
    engine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "haechi"):
        check = PresidioCheck(["en"], ["EMAIL_ADDRESS"], engine=engine, model="no/such-model", on_missing="degrade")
    assert "going on without names of persons and places" in caplog.text
    assert seen(check, "Kim Minsu a@example.com") == {"EMAIL_ADDRESS": "a@example.com"}


def test_what_needed_the_missing_model_is_known_and_nothing_else_is_looked_for_instead() -> None:
    check = PresidioCheck(["en"], ["PERSON"], engine="spacy", model="no_such", on_missing="degrade")
    assert check.without == ["PERSON"]
    assert seen(check, "Kim Minsu a@example.com") == {}


# --- with a model ----------------------------------------------------------------------------------------------------


def test_a_model_in_a_folder_finds_names(spacy_model: Path) -> None:
    check = PresidioCheck(["en"], engine="spacy", model=str(spacy_model), revision="1.2.3")
    text = "\u200bKim\u00a0Minsu of Seoul, a@example.com"
    assert seen(check, text) == {
        "PERSON": "Kim\u00a0Minsu",
        "LOCATION": "Seoul",
        "EMAIL_ADDRESS": "a@example.com",
    }


def test_another_version_of_the_model_is_a_missing_one(spacy_model: Path) -> None:
    with pytest.raises(ValueError, match=r"has version 1\.2\.3, and the policy asks for 2"):
        PresidioCheck(engine="spacy", model=str(spacy_model), revision="2")


def test_a_folder_without_a_model_is_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no spaCy model"):
        PresidioCheck(engine="spacy", model=str(tmp_path))
    (tmp_path / "meta.json").write_text('{"version": "1", "lang": "en"}')
    with pytest.raises(ValueError, match="could not be read"):
        PresidioCheck(engine="spacy", model=str(tmp_path))


def test_slim_reads_words_and_finds_no_names(spacy_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    check = PresidioCheck(["en"], engine="slim", model=str(spacy_model))
    assert seen(check, "Kim Minsu a@example.com") == {"EMAIL_ADDRESS": "a@example.com"}
    with pytest.raises(ValueError, match="PERSON needs a model of the language, and the engine `slim`"):
        PresidioCheck(["en"], ["PERSON"], engine="slim", model=str(spacy_model))


@pytest.mark.parametrize("engine", ["slim", "spacy"])
def test_with_a_model_lemmas_are_the_context(engine: Any, spacy_model: Path) -> None:
    check = PresidioCheck(["en"], ["PHONE_NUMBER"], {"PHONE_NUMBER": 0.7}, engine=engine, model=str(spacy_model))
    assert seen(check, "she rang 212-555-0123") == {"PHONE_NUMBER": "212-555-0123"}
    assert seen(check, "she sang 212-555-0123") == {}


@pytest.mark.parametrize("engine", ["no_op", "spacy"])
def test_no_log_quotes_a_text(engine: Any, spacy_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    check = PresidioCheck(["en"], engine=engine, model=str(spacy_model) if engine == "spacy" else None)
    with caplog.at_level(logging.DEBUG):
        assert seen(check, "canary phone 212-555-0123")
    assert "canary" not in caplog.text
    assert "212-555" not in caplog.text


GLINER = """
class GLiNER:
    def from_pretrained(name, **more):
        made = GLiNER()
        made.name = name
        return made
    def predict_entities(self, text, labels, **more):
        at = text.find("Kim Minsu")
        if at < 0:
            return []
        print(sorted(labels))
        return [{"start": at, "end": at + 9, "label": "person", "score": 0.9, "text": "Kim Minsu"}]
class GLiNERConfig:
    pass
"""


def test_gliner_is_asked_for_its_own_entities_and_its_model_is_never_fetched(tmp_path: Path) -> None:
    """The library is played here: it stands in no index that can be installed within reason."""
    (tmp_path / "gliner.py").write_text(GLINER)
    (tmp_path / "model").mkdir()
    code = f"""
import asyncio, sys
sys.path.insert(0, {str(tmp_path)!r})
from gateway.guards.check import Said
from gateway.guards.libraries.presidio import PresidioCheck
check = PresidioCheck(["en"], ["PERSON", "EMAIL_ADDRESS"], engine="gliner", model={str(tmp_path / "model")!r})
found = asyncio.run(check.look(Said("user", "Kim Minsu a@example.com", "")))
print([tuple(one[:3]) for one in found])
try:
    PresidioCheck(engine="gliner", model="nobody/nothing", revision="v1")
except ValueError as error:
    print(error)
"""
    assert offline(code, tmp_path).splitlines() == [
        "['location', 'nationality, religious or political group', 'organization', 'person']",
        "[(0, 9, 'PERSON'), (10, 23, 'EMAIL_ADDRESS')]",
        "the model nobody/nothing is not on this machine (LocalEntryNotFoundError): hf download nobody/nothing --revision v1",
    ]


def test_nothing_leaves_the_process_and_nothing_is_written(tmp_path: Path) -> None:
    """At import, when it is made, and with the first text: an e-mail address makes Presidio ask for a list of domains."""
    code = textwrap.dedent("""
        import asyncio
        from gateway.guards.check import Said
        from gateway.guards.libraries.presidio import PresidioCheck
        text = "a@example.co.kr https://example.com 212-555-0123 4111 1111 1111 1111 DE89370400440532013000 010-1234-5678"
        check = PresidioCheck(["en", "ko"])
        print(sorted({one.kind for one in asyncio.run(check.look(Said("user", text, text)))}))
        import presidio_analyzer.pattern_recognizer as library
        print(library.REGEX_TIMEOUT_SECONDS)  # longer than any rule waits: what takes as long is late, and not left out
    """)
    assert offline(code, tmp_path).splitlines() == [
        "['CREDIT_CARD', 'EMAIL_ADDRESS', 'IBAN_CODE', 'PHONE_NUMBER']",
        "601",
    ]
    assert list(tmp_path.iterdir()) == []
