"""Our blur as an implementation."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

import tensorlang as tl
from autotune.bench.blur.case import BlurCase, make_image
from autotune.bench.blur.schedules import SCHEDULES, make_blur
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.inspection import count_operations, parallelism


class TensorlangBlur:
    """The blur for `threads` threads."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def open(self, workload: BlurCase, schedule: str | None) -> OpenLayer:
        """Compile the blur under the schedule of the case; the detail is its work and memory as JSON."""
        blur = make_blur(workload.height, workload.width)
        kernel = tl.compile(blur.blur_y, SCHEDULES[workload.schedule](blur, workload.lanes), cache=False)
        image, out = make_image(workload), np.empty(kernel.outputs[0].shape, np.uint16)
        work: Mapping[str, float] = {
            "operations": count_operations(kernel),
            "parallelism": parallelism(kernel),
            "scratch_bytes": kernel.scratch_bytes(self._threads),
        }
        return OpenLayer(
            lambda: kernel(image, out=out, threads=self._threads),
            lambda: out,
            json.dumps(work),
            lowering_s=kernel.lowering_s,
            compile_s=kernel.compile_s,
        )

    def facts(self) -> Facts:
        """Nothing that belongs to no schedule."""
        return {}


if __name__ == "__main__":
    serve(TensorlangBlur, BlurCase.from_data)
