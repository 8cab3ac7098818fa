"""Our own kernels as an implementation: the heuristic default, or the best schedule that a lookup finds."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from statistics import median
from time import perf_counter

from autotune.bench.case import empty_aligned, make_arrays
from autotune.bench.serve import Facts, OpenLayer, serve
from autotune.bench.turn import take_turn
from schedules.lookup import Found, lookup
from tensorlang.nn import Gemm, Workload, workload_from_data
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.peaks import measure_fma_peak_gflops, measure_read_bandwidth_gbs

# So small that a call is little but its overhead; it has the arguments of any layer: data, bias, prepared weights.
_TINY = Gemm(m=1, n=16, k=4, relu=True)
_OVERHEAD_ROUNDS = 7


class Tensorlang:
    """Kernels for `threads` threads.

    The processes of a comparison share a cache that is empty at first: the first of them to open a layer shows what a
    kernel takes to build, the others what it takes to load.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        _compile(lookup(_TINY, threads=1, databases=()))  # what the first kernel of a process costs beyond itself

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Compile the layer, prepare its weights, and bind its arguments.

        What is timed is the public call ``kernel(..., out=out, state=state)``, its checks of the arguments included.
        """
        # Without databases, a lookup answers with the heuristic default.
        found = lookup(workload, threads=self._threads, databases=None if schedule == "tuned" else ())
        begin_s = perf_counter()
        kernel = _compile(found)
        ready_s = perf_counter() - begin_s
        arguments = _Arguments(kernel, workload, self._threads)
        return OpenLayer(
            arguments.call,
            lambda: arguments.out,
            found.explanation,
            lowering_s=kernel.lowering_s,
            compile_s=kernel.compile_s,
            figures={
                "ready_s": ready_s,
                "is_cached": kernel.from_cache,
                "is_recorded": found.record is not None,
                "scratch_bytes": kernel.scratch_bytes(self._threads),
                "prepared_bytes": kernel.state_bytes,
                "tensor_bytes": sum(prod(p.shape) * p.type.size_bytes for p in (*kernel.inputs, *kernel.outputs)),
            },
        )

    def facts(self) -> Facts:
        """What this machine does at best with this many threads, and what a call costs beyond the bare function."""
        return {
            "fma_peak_gflops": measure_fma_peak_gflops(self._threads),
            "read_bandwidth_gbs": measure_read_bandwidth_gbs(self._threads),
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
        self.out = empty_aligned(output.shape, output.type.numpy)

    def call(self) -> None:
        """Compute the layer once, into `out`."""
        self._kernel(*self._inputs, out=self.out, state=self._state, threads=self._threads)

    def bare(self) -> Callable[[], object]:
        """The same call with nothing around the compiled function."""
        return self._kernel.bare(*self._inputs, out=self.out, state=self._state, threads=self._threads)


def _compile(found: Found) -> Kernel:
    layer = found.layer
    return compile_kernel(layer.output, found.schedule, shape=layer.shape, inputs=layer.inputs)


def _measure_call_overhead_us() -> float:
    """Time of the public call less that of the bare function, for a tiny kernel on one thread [us]."""
    found = lookup(_TINY, threads=1, databases=())
    arguments = _Arguments(_compile(found), _TINY, threads=1)
    bare = arguments.bare()
    return 1e6 * median(take_turn(arguments.call) - take_turn(bare) for _ in range(_OVERHEAD_ROUNDS))


if __name__ == "__main__":
    serve(Tensorlang, workload_from_data)
