"""Validators of Guardrails AI as an operator may have them: one that is good, and others. Imported by name."""

import re
import threading
from typing import Any, Final

from guardrails.validator_base import ErrorSpan, FailResult, PassResult, Validator, register_validator

DOOR: Final = threading.Event()
"""What hangs, hangs until it is set."""


@register_validator("house/banned-words", "string")
class BannedWords(Validator):  # type: ignore[misc]  # the library is not typed
    def __init__(self, words: list[str], **more: Any) -> None:
        super().__init__(words=words, **more)
        self._words = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)

    def validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        spans = [
            ErrorSpan(start=found.start(), end=found.end(), reason="banned") for found in self._words.finditer(value)
        ]
        if not spans:
            return PassResult()
        return FailResult(error_message=f"banned: {value}", fix_value="nothing at all", error_spans=spans)


@register_validator("house/too-long", "string")  # type: ignore[untyped-decorator]
def too_long(value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
    return FailResult(error_message="long", fix_value=value[:10]) if len(value) > 10 else PassResult()


@register_validator("house/infers", "string")
class Infers(Validator):  # type: ignore[misc]
    """Asks its model, as validators from the former hub do."""

    def _inference_local(self, model_input: Any) -> Any:
        return "bad" in model_input

    def validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        return FailResult(error_message="bad") if self._inference(value) else PassResult()


@register_validator("house/elsewhere", "string")
class Elsewhere(Validator):  # type: ignore[misc]
    def validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        return FailResult(error_message="far", error_spans=[ErrorSpan(start=0, end=len(value) + 1, reason="far")])


@register_validator("house/raises", "string")
class Raises(Validator):  # type: ignore[misc]
    def validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        raise LookupError(value)


@register_validator("house/hangs", "string")
class Hangs(Validator):  # type: ignore[misc]
    def validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        DOOR.wait()
        return PassResult()


@register_validator("house/nonsense", "string")
class Nonsense(Validator):  # type: ignore[misc]
    def validate(self, value: Any, metadata: dict[str, Any]) -> Any:
        return "yes"


class NotOne:
    """No validator."""
