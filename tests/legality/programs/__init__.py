"""The programs that must fail, one or more files for each family of rules."""

from tests.legality.programs import (
    bounds,
    effect,
    factors,
    loops,
    names_of_dimensions,
    names_of_loops,
    names_of_stages,
    placement,
    races,
    reduction_order,
    storage,
    storage_levels,
    vectors,
)

FILES = (
    bounds,
    effect,
    factors,
    loops,
    names_of_dimensions,
    names_of_loops,
    names_of_stages,
    placement,
    races,
    reduction_order,
    storage,
    storage_levels,
    vectors,
)
