"""A fixed share of the loader's fuzzing; `make fuzz-loader` does the rest."""

from __future__ import annotations

import copy
from random import Random

from .loader_fuzz import _NASTY, KINDS, _changed_value, fuzz, seeds


def test_bytes_of_all_kinds_give_records_or_database_errors() -> None:
    counts = fuzz(600, seed=0)
    assert sum(counts.values()) == 600
    assert len({name.split(":")[0] for name in counts}) == len(set(KINDS))
    assert counts["changed_value: refused"] > 30 and counts["changed_value: records"] > 3


def test_cases_do_not_grow_from_one_to_the_next() -> None:
    before, random, valid = copy.deepcopy(_NASTY), Random(0), seeds()
    for _ in range(1000):
        _changed_value(random, valid)
    assert before == _NASTY
