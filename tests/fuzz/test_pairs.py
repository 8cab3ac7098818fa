"""A fixed share of random pairs: no legal schedule changes a result; more by ``python -m tensorlang.fuzz``."""

from __future__ import annotations

import os

import pytest

from tensorlang.fuzz.report import failure_lines
from tensorlang.fuzz.session import fuzz

PAIRS = int(os.environ.get("TENSORLANG_FUZZ_PAIRS", "70"))


@pytest.mark.parametrize("seed", [1, 2])
def test_random_pairs_agree(seed: int) -> None:
    report = fuzz(seconds=3600.0, seed=seed, pairs=PAIRS)
    assert not report.failures, "\n".join(line for failure in report.failures for line in failure_lines(failure))
    coverage = report.coverage
    counts = coverage.directive_counts | coverage.tail_counts
    assert not [name for name, count in counts.items() if count == 0]
    assert coverage.multi_stage >= 0.4 * PAIRS
    assert coverage.undivided >= 0.6 * PAIRS
    assert report.cases <= 1.15 * PAIRS
