"""The fuzzer finds a few planted defects, and makes them small; all of them by ``python -m tests.fuzz.planted``."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tensorlang.fuzz.shrinking import reproduce
from tests.fuzz.hunting import hunt
from tests.fuzz.planted import PLANTS, spec

QUICK = (
    "fuse takes quotient for remainder",
    "a tail's guard lets one more point through",
    "a body in shared loops runs past its end",
)


@pytest.mark.parametrize("name", PLANTS)
def test_there_is_a_place_for_each(name: str) -> None:
    plant = PLANTS[name]
    module = importlib.import_module(f"tensorlang.{plant.module}")
    assert Path(str(module.__file__)).read_text().count(plant.before) == 1


def test_there_are_twenty() -> None:
    assert len(PLANTS) >= 20


@pytest.mark.parametrize("name", QUICK)
def test_it_is_found(name: str) -> None:
    assert hunt(spec(name), seed=0, seconds=600.0, most=300).found is not None


def test_it_is_made_small() -> None:
    name = "fuse takes quotient for remainder"
    failure = hunt(spec(name), seed=0, seconds=600.0, most=300).found
    assert failure is not None
    whole, small = (reproduce(failure.case, failure.kind, seconds=seconds, plant=spec(name)) for seconds in (0.0, 60.0))
    assert ".fuse(" in small.text
    assert len(small.text) < len(whole.text)
    # Without the defect it passes: it is about the defect and nothing else.
    assert not small.fails
