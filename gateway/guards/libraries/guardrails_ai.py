"""Any validator of Guardrails AI as a check. The only file that knows the library, which is loaded where a policy names it.

Its `validate` is called directly, never a `Guard`: that would report to its makers, and take 25 times as long.
"""

import importlib
import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.guards.check import Said, whole
from gateway.guards.finding import Finding
from gateway.guards.libraries.workers import Workers

_NOT_OF_A_NAME: Final = re.compile("[^A-Z0-9]+")
_LONGEST_KIND: Final = 32
_NOWHERE: Final = "/nonexistent"


class Misbehaved(TypeError):
    """A validator has answered with something that is neither a pass nor a fail."""


class GuardrailsAiCheck:
    """`validator` is a registered name, or `module:Class`. A fail is a finding where it says so, else about the whole text;
    what the validator would put in its place is not used. The kind is the validator's name LIKE_THIS.

    Raises ValueError, when it is made, where there is no such validator or it does not take these arguments.
    """

    def __init__(self, validator: str, arguments: Mapping[str, Any] | None = None) -> None:
        library = _library()
        made = _made(_class(library, validator), validator, dict(arguments or {}))
        self._validate: Callable[[str, dict[str, Any]], object] = made.validate
        self._passes: type = library.PassResult
        self._fails: type = library.FailResult
        self._kind = kind_of(validator)
        self._workers = Workers("guardrails_ai")

    async def look(self, said: Said) -> Sequence[Finding]:
        """Raises `Overloaded`, `LibraryFailed` or `Misbehaved`."""
        outcome = await self._workers.run(lambda: self._validate(said.text, {}))
        if isinstance(outcome, self._passes):
            return []
        if not isinstance(outcome, self._fails):
            raise Misbehaved(f"a validator gave a {type(outcome).__name__}")
        return self._findings(said, outcome)

    def _findings(self, said: Said, failed: Any) -> list[Finding]:
        """Of spans that cannot be, the whole text: it did fail."""
        spans = [(span.start, span.end) for span in failed.error_spans or ()]
        if not spans or not all(0 <= start < end <= len(said.text) for start, end in spans):
            return [whole(said, self._kind)]
        return [Finding(start, end, self._kind) for start, end in sorted(set(spans))]


def kind_of(validator: str) -> str:
    """`guardrails/toxic-language`, `house:ToxicLanguage` and `ToxicLanguage` are all `TOXIC_LANGUAGE`."""
    name = re.split("[/:.]", validator)[-1]
    parted = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    kind = _NOT_OF_A_NAME.sub("_", parted).strip("_")[:_LONGEST_KIND]
    return kind if kind[:1].isalpha() else f"V_{kind}"[:_LONGEST_KIND]


def _library() -> Any:
    """Imported with its telemetry off, whatever its own configuration file says: that is read from a folder that is none."""
    home = os.environ.get("HOME")
    os.environ["HOME"] = _NOWHERE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library = importlib.import_module("guardrails.validator_base")
            settings = importlib.import_module("guardrails.settings").settings
            configuration = importlib.import_module("guardrails.classes.rc").RC
    except ModuleNotFoundError as error:
        raise ValueError(
            f"a detector of kind `guardrails_ai` needs a library that is not installed ({str(error.name).partition('.')[0]}): "
            'pip install "haechi[guardrails]"'
        ) from error
    finally:
        if home is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = home
    settings.rc = configuration(enable_metrics=False, use_remote_inferencing=False)
    settings.disable_tracing = True
    return library


def _class(library: Any, validator: str) -> Any:
    module, separator, name = validator.partition(":")
    if not separator:
        found = library.validators_registry.get(validator)
        if found is None:
            raise ValueError(
                f"no validator is registered as {validator}: install the package that has it, and write `module:Class` so that "
                "it is imported"
            )
        return found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the validator {validator} cannot be imported ({type(error).__name__}: {error})") from error
    is_validator = isinstance(found, type) and issubclass(found, library.Validator)
    if not is_validator:
        raise ValueError(f"{validator} is no validator of Guardrails AI: it has to be a class with @register_validator")
    return found


def _made(found: Any, validator: str, arguments: dict[str, Any]) -> Any:
    try:
        return found(**arguments)
    except (AssertionError, TypeError, ValueError, LookupError, OSError, RuntimeError) as error:
        names = ", ".join(sorted(arguments)) or "none"
        raise ValueError(
            f"the validator {validator} cannot be made with its arguments ({names}): {type(error).__name__}"
        ) from error
