"""From an algorithm and a schedule to a kernel: the way through the whole compiler, in one place."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.codegen import Target
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param
from tensorlang.lowering import lower
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.module import compile_module
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.schedule import Schedule

_NUMERICS = ("fast", "strict")

Shape = tuple[int, ...]


def compile(
    outputs: Func | Sequence[Func],
    schedule: Schedule | None = None,
    *,
    shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
    inputs: Sequence[Input | Param] | None = None,
    target: Target | None = None,
    numerics: str = "fast",
    cache: bool = True,
) -> Kernel:
    """Compile Funcs under a schedule.

    Parameters
    ----------
    outputs : Func or sequence of Func
        What the kernel computes. They, and all that they read, are frozen.
    schedule : Schedule, optional
        How. Without one every Func is computed by plain loops.
    shape : tuple of int, or mapping from output name to one, optional
        Extents of the outputs; where not given, the largest box at the origin whose reads stay inside every Input.
    inputs : sequence of Input and Param, optional
        Argument order; by default the order of first use.
    target : Target, optional
        The host's if not given.
    numerics : {"fast", "strict"}
        ``"fast"`` lets multiply and add be fused, and reductions be reordered where the schedule says so.
    cache : bool
        Keep machine code on disk, and look for it there.

    Returns
    -------
    Kernel

    Raises
    ------
    LanguageError
        If the algorithm is not well formed, or `shape` or `numerics` are not.
    ScheduleError
        If a directive is not legal.
    BoundsError
        If a region is unbounded, ambiguous, or outside an Input.
    TargetError
        If this process does not compile for `target`.

    Examples
    --------
    >>> import numpy as np, tensorlang as tl
    >>> i = tl.Var("i")
    >>> f = tl.Func("f")
    >>> f[i] = 2 * i
    >>> tl.compile(f, shape=(4,))()
    array([0, 2, 4, 6])
    """
    if numerics not in _NUMERICS:
        raise LanguageError(f"numerics={numerics!r} is unknown.", where=caller_location(), legal=" | ".join(_NUMERICS))
    start_s = time.perf_counter()
    algorithm = build_algorithm(outputs, inputs)
    shapes = _output_shapes(algorithm, shape)
    chosen = schedule if schedule is not None else Schedule(outputs if isinstance(outputs, Func) else outputs[0])
    module = lower(resolve(algorithm, chosen), shapes, numerics=numerics)
    lowering_s = time.perf_counter() - start_s
    return compile_module(
        module, algorithm=algorithm, schedule=chosen, target=target, lowering_s=lowering_s, cache=cache
    )


def _output_shapes(
    algorithm: Algorithm, shape: Sequence[int] | Mapping[str, Sequence[int]] | None
) -> Mapping[str, Shape]:
    """Shapes of the outputs: as given, checked, else inferred."""
    given = _by_name(algorithm, shape)
    for name, extents in given.items():
        rank = len(algorithm.func(name).vars)
        if len(extents) != rank or not all(_is_extent(extent) for extent in extents):
            raise LanguageError(
                f"shape={extents} does not fit output {name!r} of {rank} dimensions.",
                where=caller_location(),
                rule="one positive integer for each dimension",
            )
    return infer_output_shapes(algorithm, given)


def _by_name(algorithm: Algorithm, shape: Sequence[int] | Mapping[str, Sequence[int]] | None) -> dict[str, Shape]:
    if shape is None:
        return {}
    if not isinstance(shape, Mapping):
        if len(algorithm.outputs) > 1:
            raise LanguageError(
                "shape= is one shape, but there are several outputs.",
                where=caller_location(),
                legal="shape={" + ", ".join(f"{name!r}: (...)" for name in algorithm.outputs) + "}",
            )
        return {algorithm.outputs[0]: tuple(shape)}
    unknown = [name for name in shape if name not in algorithm.outputs]
    if unknown:
        raise LanguageError(
            f"shape= names {unknown[0]!r}, which is not an output.",
            where=caller_location(),
            legal=" | ".join(algorithm.outputs),
        )
    return {name: tuple(extents) for name, extents in shape.items()}


def _is_extent(extent: object) -> bool:
    return isinstance(extent, int) and not isinstance(extent, bool) and extent >= 1
