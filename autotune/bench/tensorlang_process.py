"""Our own kernels as an implementation: the heuristic default, or the best schedule that a lookup finds."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import numpy as np

from autotune.bench.case import make_arrays
from autotune.bench.serve import Facts, OpenLayer, serve
from autotune.bench.turn import take_turn
from schedules.lookup import Found, lookup
from tensorlang.nn import Gemm, Workload, workload_from_data
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.peaks import measure_fma_peak_gflops

# So small that a call is little but its overhead; it has the arguments of any layer: data, bias, prepared weights.
_TINY = Gemm(m=1, n=16, k=4, relu=True)
_OVERHEAD_ROUNDS = 7


class Tensorlang:
    """Kernels for `threads` threads, compiled from scratch so that what they take to build is seen."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Compile the layer, prepare its weights, and bind its arguments.

        What is timed is the public call ``kernel(..., out=out, state=state)``, its checks of the arguments included.
        """
        # Without databases, a lookup answers with the heuristic default.
        found = lookup(workload, threads=self._threads, databases=() if schedule == "default" else None)
        kernel = _compile(found, cache=False)
        arguments = _Arguments(kernel, workload, self._threads)
        return OpenLayer(
            arguments.call,
            lambda: arguments.out,
            found.explanation,
            lowering_s=kernel.lowering_s,
            compile_s=kernel.compile_s,
        )

    def facts(self) -> Facts:
        """FMA peak with this many threads [GFLOP/s], and what a call costs beyond the bare function [us]."""
        return {
            "fma_peak_gflops": measure_fma_peak_gflops(self._threads),
            "call_overhead_us": _measure_call_overhead_us(),
        }


class _Arguments:
    """A kernel with everything it is called with."""

    def __init__(self, kernel: Kernel, workload: Workload, threads: int) -> None:
        arrays = make_arrays(workload)
        self._kernel = kernel
        self._threads = threads
        self._state = kernel.prepare(**{p.name: arrays[p.name] for p in kernel.inputs if p.constant})
        self._inputs = [arrays[p.name] for p in kernel.inputs if not p.constant]
        (output,) = kernel.outputs
        self.out = np.empty(output.shape, output.type.numpy)

    def call(self) -> None:
        """Compute the layer once, into `out`."""
        self._kernel(*self._inputs, out=self.out, state=self._state, threads=self._threads)

    def bare(self) -> Callable[[], object]:
        """The same call with nothing around the compiled function."""
        return self._kernel.bare(*self._inputs, out=self.out, state=self._state, threads=self._threads)


def _compile(found: Found, *, cache: bool) -> Kernel:
    layer = found.layer
    return compile_kernel(layer.output, found.schedule, shape=layer.shape, inputs=layer.inputs, cache=cache)


def _measure_call_overhead_us() -> float:
    """Time of the public call less that of the bare function, for a tiny kernel on one thread [us]."""
    found = lookup(_TINY, threads=1, databases=())
    kernel = _compile(found, cache=True)
    arguments = _Arguments(kernel, _TINY, threads=1)
    bare = arguments.bare()
    return 1e6 * median(take_turn(arguments.call) - take_turn(bare) for _ in range(_OVERHEAD_ROUNDS))


if __name__ == "__main__":
    serve(Tensorlang, workload_from_data)
