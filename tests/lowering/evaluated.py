"""What a schedule really does: points evaluated and bytes touched, counted and not inferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.runtime.kernel import Kernel
from tensorlang.schedule.resolve import resolve
from tests.ir.interpret import run

Shapes = Mapping[str, tuple[int, ...]]


def points(output: tl.Func, schedule: tl.Schedule, shapes: Shapes | None = None) -> Counter[str]:
    """How many values of each Func are stored when the lowered loop nest runs, one element after the other."""
    algorithm = build_algorithm(output)
    resolved = resolve(algorithm, schedule)
    module = lower(resolved, infer_output_shapes(resolved.algorithm, shapes))
    inputs = {item.name: np.zeros(item.shape, item.type.numpy) for item in algorithm.inputs}
    return run(module, inputs).stored


def touched_bytes(kernel: Kernel, *arrays: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> int:
    """How many bytes of its workspace a kernel writes: those that differ from what they were filled with.

    Two fillings, as one of them may be what the kernel writes.
    """
    run_it = kernel.bare(*arrays, threads=1)
    memory = run_it.workspace.array  # type: ignore[attr-defined]
    changed = np.zeros(memory.shape, bool)
    for filling in (0xA5, 0x5A):
        memory[...] = filling
        run_it()
        changed |= memory != filling
    return int(changed.sum())
