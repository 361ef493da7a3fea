"""Without the libraries: the gateway starts, and a policy that names such a detector says at once what to install."""

import subprocess
import sys

import pytest

from gateway.guards.libraries.guardrails_ai import kind_of


@pytest.mark.parametrize(
    ("kind", "made", "absent", "extra"),
    [
        (
            "presidio",
            "from gateway.guards.libraries.presidio import PresidioCheck as C; C()",
            "presidio_analyzer",
            "pii",
        ),
        ("presidio", "from gateway.guards.libraries.presidio import PresidioCheck as C; C()", "spacy", "pii"),
        (
            "guardrails_ai",
            "from gateway.guards.libraries.guardrails_ai import GuardrailsAiCheck as C; C('x')",
            "guardrails",
            "guardrails",
        ),
    ],
)
def test_a_missing_library_is_told_with_the_extra_that_has_it(kind: str, made: str, absent: str, extra: str) -> None:
    code = f"""
import sys
sys.modules[{absent!r}] = None
try:
    {made}
except ValueError as error:
    print(error)
"""
    said = _python(code)
    assert said == (
        f'a detector of kind `{kind}` needs a library that is not installed ({absent}): pip install "haechi[{extra}]"'
    )


def test_importing_the_detectors_imports_no_library() -> None:
    code = """
import sys
import gateway.guards.libraries.guardrails_ai, gateway.guards.libraries.presidio
print([name for name in ("presidio_analyzer", "spacy", "guardrails", "phonenumbers", "tldextract") if name in sys.modules])
"""
    assert _python(code) == "[]"


@pytest.mark.parametrize(
    ("validator", "kind"),
    [
        ("guardrails/toxic-language", "TOXIC_LANGUAGE"),
        ("house.rules:ToxicLanguage", "TOXIC_LANGUAGE"),
        ("ToxicLanguage", "TOXIC_LANGUAGE"),
        ("two_words", "TWO_WORDS"),
        ("욕설", "V_"),
        ("3-words", "V_3_WORDS"),
        ("x" * 50, "X" * 32),
    ],
)
def test_a_kind_is_the_name_of_the_validator_like_this(validator: str, kind: str) -> None:
    assert kind_of(validator) == kind


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=True)
    return done.stdout.strip()
