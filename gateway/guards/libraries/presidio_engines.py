"""Presidio's analyzer put together: a model that reads the language if there is one, and the recognizers. Nothing is fetched."""

import importlib
import importlib.util
import json
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import spacy
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer, LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpEngine, SlimSpacyNlpEngine, SpacyNlpEngine
from presidio_analyzer.nlp_engine.ner_model_configuration import MODEL_TO_PRESIDIO_ENTITY_MAPPING
from presidio_analyzer.predefined_recognizers import GLiNERRecognizer, HuggingFaceNerRecognizer

from gateway.guards.libraries.presidio_phones import load as load_numbering_plans
from gateway.guards.libraries.presidio_recognizers import Nearby, NoModel, known_entities, nearest, recognizers

log = logging.getLogger("haechi")

BY_MODEL: Final = frozenset(MODEL_TO_PRESIDIO_ENTITY_MAPPING.values()) | {"NRP"}
"""What no pattern finds: names of persons, places and the like."""

_GLINER_LABELS: Final = {
    "person": "PERSON",
    "location": "LOCATION",
    "organization": "ORGANIZATION",
    "nationality, religious or political group": "NRP",
}
_FIRST: Final = "a@example.com 010-1234-5678 +1 212-555-0123 4111 1111 1111 1111"
"""Looked at before any request: much is worked out with the first text."""

_WITHOUT_NAMES: Final = ("no_op", "slim")
_PYTHON_MODULES: Final = {"transformers": ("transformers", "torch"), "gliner": ("gliner",)}


class MissingModel(ValueError):
    """The model that a policy asks for is not on this machine, or what runs it is not."""


class _Gliner(GLiNERRecognizer):  # type: ignore[misc]  # the library is not typed
    """Asked for its own entities alone: else it takes every other name in the policy for a label, and finds what is like it."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
        own = [name for name in entities if name in self.supported_entities]
        found: list[Any] = super().analyze(text, own, nlp_artifacts) if own else []
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What an engine brings: Presidio's own, perhaps a recognizer, and how context raises a score."""

    nlp: NlpEngine
    more: list[EntityRecognizer] = field(default_factory=list)
    enhancer: ContextAwareEnhancer = field(default_factory=Nearby)


@dataclass(frozen=True, slots=True)
class Analyzer:
    """`entities` are those that it looks for. `without`: those that were asked for and need the model that is missing.
    `engine` is None where nothing is left to look for: without recognizers Presidio would take all that it has.
    """

    engine: AnalyzerEngine | None
    language: str
    entities: list[str]
    without: list[str]

    def found(self, text: str) -> list[tuple[int, int, str, float]]:
        """Start, end, kind and score of each."""
        if self.engine is None:
            return []
        results = self.engine.analyze(text, self.language, self.entities)
        return [(one.start, one.end, one.entity_type, one.score) for one in results]


def analyzer(
    languages: Sequence[str],
    entities: Sequence[str] | None,
    engine: str,
    model: str | None,
    revision: str | None,
    *,
    degrades: bool,
) -> Analyzer:
    """Raises ValueError (`MissingModel` is one) with a sentence that says what to do."""
    _silence()
    load_numbering_plans()
    language = languages[0]
    try:
        reading = _ENGINES[engine](language, model, revision)
    except MissingModel as missing:
        if not degrades:
            raise
        log.warning("%s; going on without names of persons and places, by patterns alone", missing)
        reading = Reading(NoModel(language))
    registry = RecognizerRegistry(supported_languages=[language])
    registry.recognizers = [*recognizers(languages, entities, language), *reading.more]
    if isinstance(reading.nlp, SpacyNlpEngine):
        registry.add_nlp_recognizer(reading.nlp)
    supported = frozenset(kind for one in registry.recognizers for kind in one.supported_entities)
    asked = supported if entities is None else frozenset(entities)
    without = sorted(asked - supported)
    _refuse(without, engine, degrades=degrades)
    kinds = sorted(asked & supported)
    if not kinds:
        return Analyzer(None, language, kinds, without)
    made = AnalyzerEngine(
        registry=registry,
        nlp_engine=reading.nlp,
        supported_languages=[language],
        context_aware_enhancer=reading.enhancer,
    )
    complete = Analyzer(made, language, kinds, without)
    complete.found(_FIRST)
    return complete


def check_names(names: Iterable[str]) -> None:
    """Raises ValueError for a name that is no entity of Presidio, with or without a model."""
    known = known_entities() | BY_MODEL
    for name in sorted(names):
        if name not in known:
            raise ValueError(f"Presidio has no entity {name}{nearest(name, known)}")


def _refuse(without: Sequence[str], engine: str, *, degrades: bool) -> None:
    """Raises ValueError for an entity that there is not, and for one that this engine cannot find even with its model."""
    check_names(without)
    for name in without:
        if not degrades or engine in _WITHOUT_NAMES:
            raise ValueError(
                f"{name} needs a model of the language, and the engine `{engine}` has none that finds it: write "
                "`engine: spacy`, `transformers` or `gliner` with a `model`, or take it out of `entities`"
            )


def _silence() -> None:
    """Its messages quote what it has found."""
    for name in ("presidio-analyzer", "decision_process"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _no_op(language: str, model: str | None, revision: str | None) -> Reading:
    if model or revision:
        raise ValueError("the engine `no_op` has no model: take `model` and `revision` out, or name another engine")
    return Reading(NoModel(language))


def _slim(language: str, model: str | None, revision: str | None) -> Reading:
    models = [{"lang_code": language, "model_name": _spacy_model("slim", model, revision)}]
    return Reading(
        _loaded(SlimSpacyNlpEngine(models=models, auto_download=False)), enhancer=LemmaContextAwareEnhancer()
    )


def _spacy(language: str, model: str | None, revision: str | None) -> Reading:
    models = [{"lang_code": language, "model_name": _spacy_model("spacy", model, revision)}]
    return Reading(_loaded(SpacyNlpEngine(models=models)), enhancer=LemmaContextAwareEnhancer())


def _loaded(engine: NlpEngine) -> NlpEngine:
    """Raises `MissingModel` for a folder that holds no model, or one of another version of the library."""
    try:
        engine.load()
    except (OSError, ValueError) as error:
        raise MissingModel(f"the model could not be read: {error}") from error
    return engine


def _transformers(language: str, model: str | None, revision: str | None) -> Reading:
    path = _snapshot("transformers", model, revision)
    named = HuggingFaceNerRecognizer(model_name=path, supported_language=language)
    return Reading(NoModel(language), [named])


def _gliner(language: str, model: str | None, revision: str | None) -> Reading:
    path = _snapshot("gliner", model, revision)
    named = _Gliner(model_name=path, entity_mapping=_GLINER_LABELS, supported_language=language)
    return Reading(NoModel(language), [named])


_ENGINES: Final[dict[str, Callable[[str, str | None, str | None], Reading]]] = {
    "no_op": _no_op,
    "slim": _slim,
    "spacy": _spacy,
    "transformers": _transformers,
    "gliner": _gliner,
}


def _spacy_model(engine: str, model: str | None, revision: str | None) -> str:
    """The path of a folder, or the name of an installed package, whose version is the revision if one is asked for."""
    if not model:
        raise ValueError(f"the engine `{engine}` needs a `model`: a folder, or a spaCy package that is installed")
    if Path(model).is_dir():
        version = _version(Path(model) / "meta.json")
    elif spacy.util.is_package(model):
        version = spacy.util.get_package_version(model)
    else:
        raise MissingModel(f"the spaCy model {model} is neither a folder nor an installed package")
    if revision and version != revision:
        raise MissingModel(f"the spaCy model {model} has version {version}, and the policy asks for {revision}")
    return model


def _version(meta: Path) -> str:
    try:
        return str(json.loads(meta.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingModel(f"{meta.parent} holds no spaCy model ({type(error).__name__})") from None


def _snapshot(engine: str, model: str | None, revision: str | None) -> str:
    """The folder of a model: as given, or where an earlier download of that revision of a repository was put."""
    if not model:
        raise ValueError(f"the engine `{engine}` needs a `model`: a folder, or a repository that was downloaded before")
    for module in _PYTHON_MODULES[engine]:
        if importlib.util.find_spec(module) is None:
            raise MissingModel(f"the engine `{engine}` needs a library that is not installed: pip install {module}")
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
    if Path(model).is_dir():
        return model
    hub: Any = importlib.import_module("huggingface_hub")
    try:
        return str(hub.snapshot_download(model, revision=revision, local_files_only=True))
    except (OSError, ValueError) as error:
        what = f"{model} --revision {revision}" if revision else model
        raise MissingModel(
            f"the model {model} is not on this machine ({type(error).__name__}): hf download {what}"
        ) from None
