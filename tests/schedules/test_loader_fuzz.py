"""A fixed share of the loader's fuzzing; `make fuzz-loader` does the rest."""

from __future__ import annotations

from .loader_fuzz import KINDS, fuzz


def test_bytes_of_all_kinds_give_records_or_database_errors() -> None:
    counts = fuzz(600, seed=0)
    assert sum(counts.values()) == 600
    assert len({name.split(":")[0] for name in counts}) == len(set(KINDS))
    assert counts["changed_value: refused"] > 30 and counts["changed_value: records"] > 3
