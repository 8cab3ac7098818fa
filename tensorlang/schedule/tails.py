"""Tail strategies: what happens when a split factor does not divide the extent of the loop."""

from __future__ import annotations

from enum import StrEnum


class TailStrategy(StrEnum):
    """What `split` does with the last, partial tile of a loop of extent E (in general ``E % factor != 0``).

    In all of them the outer loop has ``ceil(E / factor)`` iterations; if the factor divides E, all are the same.
    """

    ROUND_UP = "round_up"
    """Compute up to ``factor - 1`` extra points.

    Legal for pure definitions, and for pure Vars of updates that do not descend from the inner loop of a split, where
    all arrays that are read and written can hold the extra points. Pro: no conditions, every tile is full.
    Con: more is computed, and more is required of producers.
    """

    ROUND_UP_AND_BLEND = "round_up_and_blend"
    """As `round_up`, but the extra points keep the values that they have: load, select, store.

    Legal for pure Vars, also where `round_up` would update a point twice, unless the dimension that is split or a
    reduction runs in parallel. Pro: no mask, also in updates of a part of a Func. Con: arrays must hold the extra
    points, and every tile reads what it writes, until loop partitioning confines that to the last one.
    """

    GUARD_WITH_IF = "guard_with_if"
    """Put the body under ``if old < min + extent``; in vector code the condition becomes a mask.

    Always legal. Pro: computes exactly the points asked for. Con: a condition in the body, until loop partitioning
    moves it out of the steady state.
    """

    PREDICATE = "predicate"
    """Put the condition on each load and each store in the body, instead of on the body.

    Always legal. Pro: as `guard_with_if`, and what needs no memory is computed without a branch, in scalar code too.
    Con: a condition for each access, until loop partitioning moves them out of the steady state.
    """

    PREDICATE_LOADS = "predicate_loads"
    """Put the condition on each load, and store the extra points.

    Legal where `round_up` is, for loops that do not descend from the inner loop of a split, in pure definitions too:
    the extra points get values made of zeros. Pro: constrains what is written, but not what is read. Con: as
    `predicate`, for loads.
    """

    PREDICATE_STORES = "predicate_stores"
    """Put the condition on each store, and load for the extra points.

    Legal for pure Vars where all arrays that are read can hold the extra points. Pro: constrains what is read, but not
    what is written. Con: as `predicate`, for stores.
    """

    SHIFT_INWARDS = "shift_inwards"
    """Slide the last tile back, so that it ends with the loop, and recompute the points where it overlaps.

    Legal for pure definitions with E >= factor. Pro: no conditions, nothing outside the region is touched.
    Con: the last tile is not aligned, and some points are computed twice.
    """

    SHIFT_INWARDS_AND_BLEND = "shift_inwards_and_blend"
    """As `shift_inwards`, but the points where the last tile overlaps keep their values: load, select, store.

    Legal for pure Vars with E >= factor, in updates too, unless the dimension that is split or a reduction runs in
    parallel. Pro: full tiles without a mask in an update. Con: every tile reads what it writes, until loop partitioning
    confines that to the last one.
    """

    AUTO = "auto"
    """Choose when the extents are known.

    RVars take `guard_with_if`; updates `round_up` where it is legal, else `guard_with_if`; pure definitions
    `shift_inwards` where it is legal and no loop of the stage has the tail `predicate_loads` or `round_up_and_blend`,
    else `round_up`, else `guard_with_if`.
    """

    @property
    def guards(self) -> bool:
        """Whether exactly the iterations of the loop that is split are executed."""
        return self in (TailStrategy.GUARD_WITH_IF, TailStrategy.PREDICATE)

    @property
    def shifts(self) -> bool:
        """Whether the last tile slides back."""
        return self in (TailStrategy.SHIFT_INWARDS, TailStrategy.SHIFT_INWARDS_AND_BLEND)

    @property
    def blends(self) -> bool:
        """Whether points that are not to be computed are loaded and stored again."""
        return self in (TailStrategy.SHIFT_INWARDS_AND_BLEND, TailStrategy.ROUND_UP_AND_BLEND)

    @property
    def overreads(self) -> bool:
        """Whether extra points are read."""
        return self in (TailStrategy.ROUND_UP, TailStrategy.ROUND_UP_AND_BLEND, TailStrategy.PREDICATE_STORES)

    @property
    def overwrites(self) -> bool:
        """Whether extra points are written."""
        return self in (TailStrategy.ROUND_UP, TailStrategy.ROUND_UP_AND_BLEND, TailStrategy.PREDICATE_LOADS)
