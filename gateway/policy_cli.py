"""`haechi policy …`: what authors of policies ask for. Nothing here listens on a network or sends over one."""
# ruff: noqa: T201  printing is what a command does

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from gateway.app import KNOWN_ENTITIES, ROWS
from gateway.config.load import Loaded, load_with_files
from gateway.config.mistakes import ConfigError, Mistake
from gateway.config.schema import schema_text
from gateway.policy.bind import without_code
from gateway.policy.coverage import Cell, coverage
from gateway.policy.finding import VERSIONS
from gateway.policy.lint import lint
from gateway.policy.load import LoadedPolicies, files_of, load_files, load_policies
from gateway.policy.structs import json_schema
from gateway.trying.trial import try_policies

DEFAULT: Final = Path("haechi.yaml")


def add_to(parser: argparse.ArgumentParser) -> None:
    """The commands below `haechi policy`."""
    commands = parser.add_subparsers(dest="policy_command", required=True)
    for name, help_text in (
        ("lint", "name every mistake, and what is hardly meant"),
        ("test", "run the tests of policies, through a whole gateway and a scripted model"),
        ("coverage", "print what is enforced where, rule by rule"),
    ):
        one = commands.add_parser(name, help=help_text)
        one.add_argument(
            "files", type=Path, nargs="*", help="policy files or folders; by default those of the configuration"
        )
        one.add_argument(
            "--config", type=Path, help="where models, teams and tags stand; by default ./haechi.yaml, if it is there"
        )
        if name == "lint":
            one.add_argument("--strict", action="store_true", help="remarks count as mistakes")
    commands.add_parser("schema", help="print the JSON Schema of a policy file")


def run(chosen: argparse.Namespace) -> int:
    if chosen.policy_command == "schema":
        print(schema_text(json_schema()), end="")
        return 0
    try:
        found = _read(chosen.files, chosen.config, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    return _COMMANDS[chosen.policy_command](found, chosen)


def _read(files: list[Path], config: Path | None, env: Mapping[str, str]) -> LoadedPolicies:
    """Given files are judged by the names of the configuration, if there is one. Raises `ConfigError`."""
    path = config or DEFAULT
    loaded: Loaded | None = None
    if config is not None or not files or DEFAULT.exists():
        loaded = load_with_files(path, env, ROWS)
    if files or loaded is None:
        return load_files(files_of(files), env, KNOWN_ENTITIES, None if loaded is None else loaded.config)
    return load_policies(loaded, path.parent, env, KNOWN_ENTITIES)


def _lint(found: LoadedPolicies, chosen: argparse.Namespace) -> int:
    refused = without_code(found.policies.values(), VERSIONS)
    for sentence in refused:
        print(sentence, file=sys.stderr)
    remarks: set[Mistake] = set()
    for name, finding in lint(found.documents, found.policies):
        remarks |= found.drafts[name].mistakes([finding])
    for remark in sorted(remarks, key=lambda one: (one.file, one.line, one.column, one.message)):
        print(remark)
    if not refused and not remarks:
        names = ", ".join(found.policies) or "no policies"
        print(f"good: {names}")
    return int(bool(refused or (chosen.strict and remarks)))


def _test(found: LoadedPolicies, _chosen: argparse.Namespace) -> int:
    """Prints what failed, and how long it took."""
    began = time.monotonic()
    try:
        outcome = asyncio.run(try_policies(found))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for failure in outcome.failures:
        print(failure)
    passed = outcome.tried - len({(one.file, one.key.partition("]")[0]) for one in outcome.failures})
    took = f"{time.monotonic() - began:.1f} s"
    print(f"{passed} of {outcome.tried} tests of {len(found.documents)} policies passed in {took}")
    return int(passed < outcome.tried)


def _coverage(found: LoadedPolicies, _chosen: argparse.Namespace) -> int:
    cells = [cell for cell in coverage(found.policies.values()) if cell.state != "absent"]
    rows = [("policy", "rule", "surface", "place", "unary", "stream", "guarantee"), *_rows(cells)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:  # who reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _rows(cells: Iterable[Cell]) -> Iterable[tuple[str, ...]]:
    """One for each rule, surface and place, both forms side by side. The guarantee is that of the stream."""
    for (policy, rule, surface, place), both in groupby(
        cells, lambda one: (one.policy, one.rule, one.surface, one.place)
    ):
        forms = {one.form: one for one in both}
        states = [forms[form].state if form in forms else "-" for form in ("unary", "stream")]
        stream = forms.get("stream")
        yield policy, rule, surface, place, *states, (stream.guarantee if stream else None) or "-"


_COMMANDS: Final[dict[str, Callable[[LoadedPolicies, argparse.Namespace], int]]] = {
    "lint": _lint,
    "test": _test,
    "coverage": _coverage,
}
