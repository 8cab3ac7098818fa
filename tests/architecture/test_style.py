"""Habits that a linter has no rule for: docstrings of modules, file names, imports of the package root."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import PACKAGES, ROOT, Source, read_sources

EVERYWHERE = (*PACKAGES, "tests", "examples")
SOURCES = read_sources(*EVERYWHERE)
IN_TENSORLANG = read_sources("tensorlang")

every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.path)


@every_source
def test_a_module_says_in_one_sentence_what_it_is_for(source: Source) -> None:
    if not source.tree.body:
        return
    docstring = ast.get_docstring(source.tree)
    assert docstring, f"{source.path} has no docstring"
    first = docstring.split("\n\n")[0]
    assert first.endswith((".", ":")), f"{source.path}: {first!r} is not a sentence"
    assert "\n" not in first, f"{source.path}: the first sentence takes more than a line"


@every_source
def test_no_name_says_nothing(source: Source) -> None:
    empty = {"utils", "util", "misc", "helpers", "helper", "common"}
    assert not empty & set(source.path.removesuffix(".py").split("/"))


@pytest.mark.parametrize("source", IN_TENSORLANG, ids=lambda source: source.path)
def test_no_module_of_tensorlang_imports_the_whole_package(source: Source) -> None:
    members = {path.stem for path in (ROOT / "tensorlang").iterdir()}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            assert "tensorlang" not in {alias.name for alias in node.names}, f"{source.path}:{node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module == "tensorlang":
            assert {alias.name for alias in node.names} <= members, f"{source.path}:{node.lineno}"
