"""A fixed share of the loader's fuzzing; `make fuzz-loader` does the rest."""

from __future__ import annotations

from .loader_fuzz import KINDS, fuzz


def test_bytes_of_all_kinds_give_records_or_database_errors() -> None:
    counts = fuzz(1_000, seed=0)
    assert sum(counts.values()) == 1_000
    assert len({name.split(":")[0] for name in counts}) == len(set(KINDS))
    assert counts["changed_value: refused"] > 50 and counts["changed_value: a record"] > 5
