"""The examples in docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.architecture.sources import PACKAGES, ROOT, read_sources

_MODULES = [
    source.path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    for source in read_sources(*PACKAGES)
    if ">>> " in (ROOT / source.path).read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", _MODULES)
def test_the_examples_of_a_module_run(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert failed == 0
    assert tried > 0
