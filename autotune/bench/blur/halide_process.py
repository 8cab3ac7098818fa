"""Halide's blur as an implementation, compiled by its just-in-time compiler for this machine."""

from __future__ import annotations

from importlib.metadata import version

import halide as hl
import numpy as np

from autotune.bench.blur.case import BlurCase, make_image
from autotune.bench.blur.halide_schedules import HALIDE_SCHEDULES, VARS
from autotune.bench.serve import Facts, OpenLayer, serve


class HalideBlur:
    """The blur for as many threads as HL_NUM_THREADS says."""

    def __init__(self, threads: int) -> None:
        self._arguments: list[hl.Buffer] = []

    def open(self, workload: BlurCase, schedule: str | None) -> OpenLayer:
        """Compile the blur under the schedule of the case."""
        v = {name: hl.Var(name) for name in VARS}
        x, y, three = v["x"], v["y"], hl.u16(3)
        image = hl.Buffer(make_image(workload), "image")
        blur_x, blur_y = hl.Func("blur_x"), hl.Func("blur_y")
        blur_x[x, y] = (image[x, y] + image[x + 1, y] + image[x + 2, y]) / three
        blur_y[x, y] = (blur_x[x, y] + blur_x[x, y + 1] + blur_x[x, y + 2]) / three
        HALIDE_SCHEDULES[workload.schedule](blur_x, blur_y, v, workload.lanes)
        out = np.empty((workload.height - 2, workload.width - 2), np.uint16)
        result = hl.Buffer(out, "result")
        blur_y.compile_jit()
        self._arguments = [image, result]  # a Func does not keep the memory of the images that it reads
        return OpenLayer(lambda: blur_y.realize(result), lambda: out, f"Halide {version('halide')}")

    def facts(self) -> Facts:
        """Nothing that belongs to no schedule."""
        return {}


if __name__ == "__main__":
    serve(HalideBlur, BlurCase.from_data)
