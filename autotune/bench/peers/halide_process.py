"""Halide as an implementation: its own schedules of what its applications compute, and what its autoscheduler finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version

import halide as hl

from autotune.bench.case import Array, make_arrays
from autotune.bench.peers.coverage import require_halide_layer
from autotune.bench.peers.halide_layers import HalideLayer, make_halide_layer
from autotune.bench.peers.halide_schedules import (
    PRODUCT_LANES,
    find_adams2019,
    fits_conv_layer,
    fits_product,
    schedule_by_adams2019,
    schedule_conv_layer,
    schedule_product,
)
from autotune.bench.peers.variants import Variant, keep_fastest
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, Gemm, Workload, workload_from_data

_Apply = Callable[[HalideLayer], None]


class Halide:
    """Halide's just-in-time compiler for this machine, with as many threads as HL_NUM_THREADS says."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._target = hl.get_jit_target_from_environment()
        self._adams2019 = find_adams2019()
        if self._adams2019:
            hl.load_plugin(str(self._adams2019))

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Compile the layer under every schedule that fits it, and keep the fastest one."""
        work = require_halide_layer(workload)
        arrays = make_arrays(work)
        schedules = self._schedules(work)
        if not schedules:
            raise TuningError(f"none of Halide's schedules fits {work}, and its wheel has no autoscheduler.")
        variants = [self._compile(name, apply, work, arrays) for name, apply in schedules.items()]
        return keep_fastest(variants, f"Halide {version('halide')}")

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}

    def _schedules(self, work: Gemm | Conv2d) -> dict[str, _Apply]:
        target = self._target
        found: dict[str, _Apply] = {}
        if isinstance(work, Conv2d) and fits_conv_layer(work, target):
            found["schedule of conv_layer"] = lambda layer: schedule_conv_layer(layer, target)
        if isinstance(work, Gemm):
            for lanes in dict.fromkeys((PRODUCT_LANES, int(target.natural_vector_size(hl.Float(32))))):
                if fits_product(work, lanes):
                    found[f"schedule of matrix_multiplication by {lanes} lanes"] = _product_of(lanes)
        if self._adams2019:
            found["Adams2019"] = lambda layer: schedule_by_adams2019(layer, target, self._threads)
        return found

    def _compile(self, name: str, apply: _Apply, work: Gemm | Conv2d, arrays: Mapping[str, Array]) -> Variant:
        layer = make_halide_layer(work, arrays)
        apply(layer)
        function = layer.out.compile_to_callable(list(layer.params.values()), self._target)
        buffers = [hl.Buffer(array) for array in (*layer.arrays, layer.y)]
        return Variant(name, lambda: function(*buffers), lambda: layer.y)


def _product_of(lanes: int) -> _Apply:
    return lambda layer: schedule_product(layer, lanes)


if __name__ == "__main__":
    serve(Halide, workload_from_data)
