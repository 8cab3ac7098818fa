"""Says whether a kernel agrees with the oracle: to the bit, where nothing may round in two ways."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from tensorlang import reference
from tensorlang.dtypes import Kind
from tensorlang.runtime.kernel import Kernel
from tensorlang.validation import Values, check_kernel, make_inputs
from tensorlang.validation.compare import as_float64


def disagreement(kernel: Kernel, threads: int, exact: Collection[str]) -> str:
    """Why the kernel is wrong; empty if it is right.

    Parameters
    ----------
    kernel : Kernel
    threads : int
    exact : collection of str
        Outputs that do not depend on how sums are ordered and contracted: random floats give the oracle's bits too.
    """
    reason = check_kernel(kernel, threads=threads).reason
    return reason or (_inexact(kernel, threads, exact) if exact else "")


def _inexact(kernel: Kernel, threads: int, exact: Collection[str]) -> str:
    """The first of the outputs `exact` that is not the oracle's, bit by bit (but for the bits of a NaN)."""
    algorithm = kernel.algorithm
    assert algorithm is not None, "compiled from an algorithm"
    arrays = make_inputs(algorithm, Values.FLOATS, seed=1)
    sizes = {item.name: item.shape for item in kernel.outputs}
    shapes = {name: sizes[algorithm.func(name).elements[0][0]] for name in algorithm.outputs}
    expected = reference.evaluate(algorithm, shapes, arrays)
    found = kernel(*(arrays[item.name] for item in kernel.inputs), threads=threads)
    outputs = found if len(kernel.outputs) > 1 else (found,)
    names = {buffer for name in exact for buffer, _ in algorithm.func(name).elements}
    for item, array in zip(kernel.outputs, outputs, strict=True):
        if item.name not in names:
            continue
        wanted = expected[item.name]
        if item.type.kind is Kind.BFLOAT:
            array, wanted = as_float64(array, item.type), as_float64(wanted, item.type)
        if not np.array_equal(array, wanted, equal_nan=wanted.dtype.kind == "f"):
            return f"output {item.name}: not the oracle's bits, though no operation may round in two ways"
    return ""
