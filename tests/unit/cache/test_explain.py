"""A trail in sentences: every word that the cache uses of itself has one."""

import ast
from pathlib import Path
from typing import Final

from gateway.cache import admission, answers, classes, semantic
from gateway.cache.explain import explained
from gateway.cache.trails import REASONS, Neighbour, Trail

FULL: Final = Trail(
    request_id="req_1", caller="k", key="desk", model="demo", dialect="chat", time=0.0, mode="use", most_age=60.0,
    tags=("spring",), status="shadow", why="new", parts={"system prompt": "ab", "share": "cd"}, entry="ef", slots=2, of_class="faq",
    threshold=0.92, kept="kept",
    neighbours=[Neighbour(0.97, "veto", ["number", "negation asked"]), Neighbour(0.9, "shadow", complaints=1)],
)  # fmt: skip


def test_every_word_has_its_sentence() -> None:
    kept = {*_returned(answers, "_keep"), *_returned(admission, "why_not_kept")}
    said = {*_returned(classes, "unlike"), *kept, *_returned(answers, "_find"), *_whys()}
    assert {"temperature", "not_clean", "purged", "late", "no_class", "stateful"} <= said
    assert said - REASONS.keys() == set()


def test_all_of_it_is_told() -> None:
    lines = "\n".join(explained(FULL))
    for word in ("req_1", "desk", "shadow", "no older than 60 s", "spring", "ab  system prompt", "2 values", "faq", "0.92", "0.970", "number, negation asked", "1 complaints", REASONS["kept"]):  # fmt: skip
        assert word in lines, word


def test_of_what_the_cache_has_no_part_in_little_is_told() -> None:
    bare = Trail(request_id="r", caller="k", key="k", model="m", dialect="files", time=0.0, mode="use", most_age=None, tags=(), why="pinned")  # fmt: skip
    assert len(list(explained(bare))) == 3


def _returned(module: object, function: str) -> set[str]:
    """Strings that a function gives back."""
    tree = ast.parse(Path(str(vars(module)["__file__"])).read_text())
    found = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    )
    return {_text(node.value) for node in ast.walk(found) if isinstance(node, ast.Return) and _text(node.value)}


def _whys() -> set[str]:
    """Strings in assignments to anything that is called `why` or `like_why`."""
    said: set[str] = set()
    for module in (answers, semantic):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = {name.attr for one in targets for name in ast.walk(one) if isinstance(name, ast.Attribute)}
            if names & {"why", "like_why"} and isinstance(node, ast.Assign):
                called = {
                    one
                    for call in ast.walk(node.value)
                    if isinstance(call, ast.Call | ast.Compare)
                    for one in ast.walk(call)
                }
                said |= {_text(one) for one in ast.walk(node.value) if one not in called and _text(one)}
    return said


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
