"""Shapes of outputs for those who look at a schedule before a shape is given."""

from __future__ import annotations

from collections.abc import Mapping

from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import BoundsError
from tensorlang.schedule.resolved import ResolvedSchedule


def expected_shapes(resolved: ResolvedSchedule, given: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """As `infer_output_shapes`, with the estimates of the schedule where Inputs do not determine a shape."""
    try:
        return infer_output_shapes(resolved.algorithm, given)
    except BoundsError:
        estimated: dict[str, tuple[int, ...]] = {}
        for name in resolved.algorithm.outputs:
            extents = {var: extent for var, _, extent in resolved.funcs[name].estimates}
            if extents and name not in given:
                estimated[name] = tuple(extents[var] for var in resolved.algorithm.func(name).vars)
        if not estimated:
            raise
        return infer_output_shapes(resolved.algorithm, {**estimated, **given})
