"""`haechi.yaml` to `Config`, or every mistake in it at once: what its draft says, and names that lead nowhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gateway.config.mistakes import ConfigError
from gateway.config.reading import Draft, Sort, drafted, opened
from gateway.config.references import references
from gateway.config.schema import json_schema
from gateway.config.source import Stamp
from gateway.config.strict import Zone
from gateway.config.structs import Config
from gateway.config.subject import Named, Rows

CONFIG: Final = Sort(Config, json_schema, "haechi schema")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and the files it came from, each with the stamp it had when it was read.

    `draft` knows the lines of the file, for whoever finds something wrong later; without a file there is none.
    """

    config: Config
    files: Mapping[Path, Stamp | None]
    draft: Draft[Config] | None = None


def load(
    path: Path,
    env: Mapping[str, str],
    *,
    kinds: Collection[str],
    zones: Mapping[str, Zone] = MappingProxyType({}),
    without_address: Collection[str] = (),
) -> Config:
    """The configuration in the file. Raises `ConfigError` with every mistake in it.

    `kinds` are the rows of the provider table, `zones` their trust zones, `without_address` those that need a `base_url`.
    """
    return load_with_files(path, env, Rows(kinds, zones, without_address)).config


def load_with_files(path: Path, env: Mapping[str, str], rows: Rows) -> Loaded:
    """As `load`, for a caller that watches the files."""
    files: dict[Path, Stamp | None] = {}
    draft = drafted(CONFIG, path, opened(path), env, files)
    config, findings = draft.value, list(draft.findings)
    if config is not None:
        findings += [one for one in references(config, Named.all_of(draft.data), rows) if draft.keeps(one)]
    if config is None or findings:
        raise ConfigError(draft.mistakes(findings), files)
    return Loaded(config, files, draft)
