"""The project's source files, parsed once, as the architecture tests look at them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("tensorlang", "schedules", "autotune")


@dataclass(frozen=True)
class Source:
    """A Python file: its path inside the repository, and its syntax tree."""

    path: str
    tree: ast.Module
    lines: int


@dataclass(frozen=True)
class Function:
    """A function or method: ``path::Class.name``, and its length without docstring and decorators [lines]."""

    name: str
    lines: int


@cache
def read_sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under the folders."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT).as_posix(), ast.parse(text, str(path)), text.count("\n"))


def functions_of(source: Source) -> Iterator[Function]:
    """Every function and method, nested ones too; a function's lines include those of the functions inside it."""
    yield from _functions_in(source.tree, f"{source.path}::")


def _functions_in(node: ast.AST, prefix: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        inside = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = f"{prefix}{child.name}."
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(f"{prefix}{child.name}", _length(child))
        yield from _functions_in(child, inside)


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    end = function.end_lineno or function.lineno
    docstring = ast.get_docstring(function, clean=False)
    first = function.body[0]
    hidden = (first.end_lineno or first.lineno) - first.lineno + 1 if docstring is not None else 0
    return end - function.lineno + 1 - hidden
