"""Machine code of families whose limit is loads or elementary functions: whole vectors, and nothing on the side."""

from __future__ import annotations

import pytest

from schedules import find_family
from tensorlang.codegen.target import host_target
from tensorlang.inspection import analyse
from tensorlang.nn import LayerNorm, Pool2d, Softmax, Workload, build
from tensorlang.runtime.compile import compile as compile_kernel

pytestmark = pytest.mark.skipif("avx2" not in host_target().features, reason="needs the vectors of x86-64")


@pytest.mark.parametrize(
    "workload",
    [
        Pool2d(1, 28, 28, 64, 3, 3, stride=(2, 2), padding=(1, 1)),
        Pool2d(1, 28, 28, 64, 3, 3, padding=(1, 1), kind="average"),
        Pool2d.global_average(1, 7, 7, 512),
        Softmax(4, 1024),
        Softmax(4, 1000),
        LayerNorm(4, 1024),
        LayerNorm(4, 1000),
    ],
    ids=str,
)
def test_the_hot_loop_is_vectors_in_registers(workload: Workload) -> None:
    target, layer, family = host_target(), build(workload), find_family(workload)
    schedule = family.schedule(layer, family.default(workload, target, 1), target, 1)
    loop = analyse(compile_kernel(layer.output, schedule, shape=layer.shape, inputs=layer.inputs)).hot_loop
    assert (loop.calls, loop.gathers, loop.scatters, loop.inserts, loop.spills) == (0, 0, 0, 0, 0)
    # 16 registers do not hold all constants of an exponential.
    assert loop.reloads == 0 or target.vector_registers == 16
    assert loop.vector_bits == target.vector_bits
