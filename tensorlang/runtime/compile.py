"""From an algorithm and a schedule to a kernel: the way through the whole compiler, in one place."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.codegen import Target
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param
from tensorlang.lang.shapes import ShapeLike, given_shapes
from tensorlang.lowering import lower
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.lowered import lower_cached
from tensorlang.runtime.module import compile_module
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.rules import are_all_in_force
from tensorlang.schedule.schedule import Schedule

_NUMERICS = ("fast", "strict")


def compile(
    outputs: Func | Sequence[Func] | Algorithm,
    schedule: Schedule | None = None,
    *,
    shape: ShapeLike | None = None,
    inputs: Sequence[Input | Param] | None = None,
    target: Target | None = None,
    numerics: str = "fast",
    cache: bool = True,
) -> Kernel:
    """Compile Funcs under a schedule.

    Parameters
    ----------
    outputs : Func, sequence of Func, or Algorithm
        What the kernel computes. Funcs, and all that they read, are frozen.
    schedule : Schedule, optional
        How. Without one every Func is computed by plain loops.
    shape : tuple of int, or mapping from output name to one, optional
        Extents of the outputs; where not given, the largest box at the origin whose reads stay inside every Input.
    inputs : sequence of Input and Param, optional
        Argument order; by default the order of first use. An Algorithm has its own.
    target : Target, optional
        The host's if not given.
    numerics : {"fast", "strict"}
        ``"fast"`` lets multiply and add be fused, and reductions be reordered where the schedule says so.
    cache : bool
        Keep lowered and machine code on disk, and look for it there.

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
    algorithm = outputs if isinstance(outputs, Algorithm) else build_algorithm(outputs, inputs)
    shapes = infer_output_shapes(algorithm, given_shapes(algorithm, shape))
    chosen = schedule if schedule is not None else Schedule(algorithm)
    resolved = resolve(algorithm, chosen)
    lowered = lower_cached(
        algorithm,
        chosen.to_json(),
        shapes,
        numerics,
        lambda: lower(resolved, shapes, numerics=numerics),
        on_disk=cache and are_all_in_force(),
    )
    return compile_module(
        lowered.module,
        algorithm=algorithm,
        schedule=chosen,
        target=target,
        lowering_s=time.perf_counter() - start_s,
        cache=cache,
        hashes=(lowered.main_hash, lowered.prepare_hash),
    )
