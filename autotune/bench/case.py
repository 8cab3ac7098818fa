"""A layer to compare, the arrays it is computed on, and how near two answers must be."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tensorlang.nn import Workload, build
from tensorlang.validation import error_bound

Array: TypeAlias = NDArray[Any]

_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Case:
    """A layer of a case set, and how to measure it again.

    Attributes
    ----------
    name : str
        Name of the layer in its set.
    workload : Workload
    reproduce : str
        Command that measures this case alone, without options for threads and output.
    case_set : str
        Name of the set, which may be a network.
    """

    name: str
    workload: Workload
    reproduce: str
    case_set: str

    @property
    def gflop(self) -> float:
        """Floating-point operations of one call [GFLOP]: a multiply-accumulate counts as two."""
        return 2e-9 * self.workload.macs


def make_arrays(workload: Workload) -> dict[str, Array]:
    """Arrays for the inputs of a layer by name: uniform in [-1, 1], the same in every process.

    Weights are scaled so that outputs are of the order of 1; nothing is denormal.
    """
    generator = np.random.default_rng(_SEED)
    arrays: dict[str, Array] = {}
    for source in build(workload).inputs:
        is_filter = source.constant and len(source.shape) > 1
        scale = 1 / sqrt(prod(source.shape[:-1])) if is_filter else 1.0
        arrays[source.name] = (generator.uniform(-1, 1, source.shape) * scale).astype(source.type.numpy)
    return arrays


def describe_difference(ours: Array, theirs: Array, workload: Workload) -> str:
    """Say how two answers differ, or return "" if they agree within what rounding explains (`error_bound`)."""
    if ours.shape != theirs.shape:
        return f"shapes differ: {ours.shape} and {theirs.shape}"
    if not np.isfinite(ours).all():
        return "the output is not finite everywhere"
    bound = error_bound(build(workload).algorithm()) * float(np.abs(theirs).max(initial=0.0))
    error = float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0))
    return "" if error <= bound else f"largest difference {error:.3g}, allowed are {bound:.3g}"
