"""What the report counts: directives in pairs whose tails run, and the tails that run."""

from __future__ import annotations

import pytest

from tensorlang.fuzz.coverage import Coverage
from tensorlang.fuzz.directives.facts import follow
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.result import Result
from tensorlang.schedule.resolved import Split
from tensorlang.schedule.tails import TailStrategy


@pytest.mark.parametrize(("extent", "is_undivided"), [(8, False), (7, True), (3, True), (None, False)])
def test_tails_are_those_of_extents_that_do_not_divide(extent: int | None, is_undivided: bool) -> None:
    _, tails = follow((Split("i", "io", "ii", 4, TailStrategy.PREDICATE),), {"i": extent})
    assert tails == ([TailStrategy.PREDICATE] if is_undivided else [])


def test_directives_count_where_an_extent_does_not_divide() -> None:
    coverage = Coverage()
    for tails in ((), ("predicate",), ("predicate", "round_up")):
        coverage.add(Result(Kind.AGREED, directives=("split", "fuse"), undivided_tails=tails))
    coverage.add(Result(Kind.SLOW, directives=("split",), undivided_tails=("auto",)))
    data = coverage.to_data()
    assert (data["pairs"], data["with_undivided_extents"]) == (3, 2)
    counted = data["directives_with_undivided_extents"]
    assert (counted["split"], counted["fuse"], counted["tile"]) == (2, 2, 0)
    assert (data["tails_of_undivided_extents"]["predicate"], data["tails_of_undivided_extents"]["round_up"]) == (2, 1)
