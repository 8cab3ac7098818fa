"""The programs that must fail, one or more files for each family of rules."""

from tests.legality.must_fail import PROGRAMS, MustFail
from tests.legality.programs import (
    bounds,
    cases,
    effect,
    factors,
    fused,
    loops,
    names_of_dimensions,
    names_of_loops,
    names_of_stages,
    placement,
    prefetching,
    races,
    reduction_order,
    sizes,
    storage,
    storage_levels,
    storage_streams,
    tails,
    vectors,
)

__all__ = ["FILES", "PROGRAMS", "MustFail"]

FILES = (
    bounds,
    cases,
    effect,
    factors,
    fused,
    loops,
    names_of_dimensions,
    names_of_loops,
    names_of_stages,
    placement,
    prefetching,
    races,
    reduction_order,
    sizes,
    storage,
    storage_levels,
    storage_streams,
    tails,
    vectors,
)
