"""Checks a compiled kernel against the oracle: exact data and random data, NaN-filled outputs, guard pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from tensorlang import reference
from tensorlang.dtypes import DType
from tensorlang.errors import LanguageError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.runtime.kernel import Kernel
from tensorlang.validation.compare import Difference, compare_output
from tensorlang.validation.exactness import error_bound, exact_magnitude
from tensorlang.validation.guarded import Flush, guarded_array
from tensorlang.validation.inputs import Values, make_inputs
from tensorlang.validation.oracle import expected_outputs

Arrays = Mapping[str, npt.NDArray[np.generic]]

_FILL_BYTES = {Flush.START: 0xA5, Flush.END: 0x5A}


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes
    ----------
    ok : bool
        The kernel agrees with the oracle.
    max_abs_error, max_rel_error : float
        Greatest differences seen; the second is relative to the largest value expected. Infinite where a NaN came.
    seeds : tuple of int
        Seeds of the data tried; empty if the caller gave the arrays.
    reason : str
        Empty if `ok`; else which output, with which data, and the first wrong element.
    """

    ok: bool
    max_abs_error: float
    max_rel_error: float
    seeds: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class _Case:
    """One set of inputs, what they should give, and how near it must be."""

    name: str
    arrays: Arrays
    expected: Arrays
    bound: float


def check_kernel(
    kernel: Kernel,
    *,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    seeds: Sequence[int] = (0,),
    arrays: Arrays | None = None,
    threads: int | None = None,
) -> CheckResult:
    """Run `kernel` on test data and compare it with the oracle.

    Small integers must give exactly what the oracle gives, where the algorithm is exact on them; random floats must
    agree within `error_bound`. Each set of data is run twice, with all arrays up against a guard page after them and
    then before them; outputs are filled beforehand, floats with NaN, integers with bytes that differ between the runs,
    so that an element that is not written is noticed.

    Parameters
    ----------
    kernel : Kernel
        What to check.
    shapes : mapping of str to tuple of int, optional
        Shapes of the outputs; by default the kernel's.
    seeds : sequence of int
        Seeds of the test data.
    arrays : mapping of str to ndarray, optional
        Inputs to use instead of test data; compared within the bound.
    threads : int, optional
        Threads to run the kernel with.

    Returns
    -------
    CheckResult
        A wrong answer is a result, not an exception.

    Raises
    ------
    LanguageError
        If the kernel does not know its algorithm, or `arrays` do not fit it.

    Notes
    -----
    An access outside an array ends the process with SIGSEGV: check what is not trusted in a child process.
    """
    algorithm = _known_algorithm(kernel)
    shapes = shapes or _output_shapes(kernel, algorithm)
    cases = _given_case(algorithm, shapes, arrays) if arrays is not None else _test_cases(algorithm, shapes, seeds)
    worst = Difference(0.0, 0.0, "")
    for case, flush in product(cases, Flush):
        found = _run(kernel, case, flush, threads)
        worst = Difference(
            max(worst.max_abs_error, found.max_abs_error),
            max(worst.max_rel_error, found.max_rel_error),
            worst.reason or found.reason,
        )
    return CheckResult(
        ok=not worst.reason,
        max_abs_error=worst.max_abs_error,
        max_rel_error=worst.max_rel_error,
        seeds=() if arrays is not None else tuple(seeds),
        reason=worst.reason,
    )


def check_outputs(kernel: Kernel, outputs: Sequence[npt.NDArray[np.generic]], values: Values, seed: int) -> CheckResult:
    """Compare what `kernel` made of ``make_inputs(algorithm, values, seed)`` with the oracle, as `check_kernel` does.

    Parameters
    ----------
    kernel : Kernel
    outputs : sequence of ndarray
        In the order of the kernel's outputs.
    values : Values
    seed : int

    Returns
    -------
    CheckResult
        An output of another shape than the kernel's is wrong.

    Raises
    ------
    LanguageError
        If the kernel does not know its algorithm.
    """
    algorithm = _known_algorithm(kernel)
    (case,) = _test_cases(algorithm, _output_shapes(kernel, algorithm), (seed,), (values,))
    found = _compare(kernel, {p.name: array for p, array in zip(kernel.outputs, outputs, strict=True)}, case)
    return CheckResult(not found.reason, found.max_abs_error, found.max_rel_error, (seed,), found.reason)


def _known_algorithm(kernel: Kernel) -> Algorithm:
    if kernel.algorithm is None:
        raise LanguageError(
            "a kernel made from a module by hand cannot be checked.", hint="make it by tl.compile from an algorithm"
        )
    return kernel.algorithm


def _given_case(algorithm: Algorithm, shapes: Mapping[str, tuple[int, ...]], arrays: Arrays) -> list[_Case]:
    expected = reference.evaluate(algorithm, shapes, arrays)
    return [_Case("the arrays given", arrays, expected, error_bound(algorithm))]


def _test_cases(
    algorithm: Algorithm,
    shapes: Mapping[str, tuple[int, ...]],
    seeds: Sequence[int],
    kinds: Iterable[Values] = Values,
) -> list[_Case]:
    integers_bound = error_bound(algorithm) if exact_magnitude(algorithm) is None else 0.0
    bounds = {Values.INTEGERS: integers_bound, Values.FLOATS: error_bound(algorithm)}
    return [
        _Case(
            f"{values} of seed {seed}",
            make_inputs(algorithm, values, seed),
            expected_outputs(algorithm, shapes, values, seed),
            bounds[values],
        )
        for seed, values in product(seeds, kinds)
    ]


def _output_shapes(kernel: Kernel, algorithm: Algorithm) -> dict[str, tuple[int, ...]]:
    """The shape of each output Func; all elements of a tuple have one."""
    shapes = {item.name: item.shape for item in kernel.outputs}
    return {name: shapes[algorithm.func(name).elements[0][0]] for name in algorithm.outputs}


def _run(kernel: Kernel, case: _Case, flush: Flush, threads: int | None) -> Difference:
    """One call, between guard pages."""
    inputs = [_guarded_copy(case.arrays[item.name], flush) for item in kernel.inputs]
    outputs = {item.name: _filled(item.shape, item.type, flush) for item in kernel.outputs}
    out = tuple(outputs.values())
    kernel(*inputs, out=out if len(out) > 1 else out[0], threads=threads)
    return _compare(kernel, outputs, case)


def _compare(kernel: Kernel, outputs: Arrays, case: _Case) -> Difference:
    """All outputs of one call; the first wrong one gives the reason."""
    types = {item.name: item.type for item in kernel.outputs}
    differences = [
        (name, compare_output(got, case.expected[name], types[name], case.bound)) for name, got in outputs.items()
    ]
    reasons = [f"{name}, with {case.name}: {d.reason}" for name, d in differences if d.reason]
    return Difference(
        max(d.max_abs_error for _, d in differences),
        max(d.max_rel_error for _, d in differences),
        reasons[0] if reasons else "",
    )


def _guarded_copy(array: npt.NDArray[np.generic], flush: Flush) -> npt.NDArray[np.generic]:
    copy = guarded_array(array.shape, array.dtype, flush)
    copy[...] = array
    return copy


def _filled(shape: tuple[int, ...], dtype: DType, flush: Flush) -> npt.NDArray[np.generic]:
    """An output that looks wrong wherever it is not written."""
    array = guarded_array(shape, dtype.numpy, flush)
    if dtype.is_bool:
        array[...] = flush is Flush.END
    elif dtype.is_float:
        array.reshape(-1).view(np.uint8)[...] = 0xFF  # a NaN in every float type, bfloat16's bits included
    else:
        array.reshape(-1).view(np.uint8)[...] = _FILL_BYTES[flush]
    return array
