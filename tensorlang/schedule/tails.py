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

    GUARD_WITH_IF = "guard_with_if"
    """Put the body under ``if old < min + extent``; in vector code the condition becomes a mask.

    Always legal. Pro: computes exactly the points asked for. Con: a condition in the body, until loop partitioning
    moves it out of the steady state.
    """

    SHIFT_INWARDS = "shift_inwards"
    """Slide the last tile back, so that it ends with the loop, and recompute the points where it overlaps.

    Legal for pure definitions with E >= factor. Pro: no conditions, nothing outside the region is touched.
    Con: the last tile is not aligned, and some points are computed twice.
    """

    AUTO = "auto"
    """Choose when the extents are known.

    RVars take `guard_with_if`; updates `round_up` where it is legal, else `guard_with_if`; pure definitions
    `shift_inwards` where it is legal, else `round_up`, else `guard_with_if`.
    """
