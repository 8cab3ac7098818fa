"""Targets, machines and records that the tests of this package share."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from schedules import Check, Hardware, Record, Timing, Toolchain, find_family
from tensorlang.codegen.target import Target
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, LayerNorm, Pool2d, Softmax, Workload, build
from tensorlang.validation import algorithm_hash

AVX512 = Target(
    name="avx512",
    vector_bits=512,
    vector_registers=32,
    has_fma=True,
    has_f16c=True,
    features=frozenset({"avx", "avx2", "fma", "f16c", "avx512f", "avx512vl", "sse4.2"}),
    l1d_bytes=32 << 10,
    l2_bytes=1 << 20,
    l3_bytes=32 << 20,
    cores=2,
    cpu_name="skylake-avx512",
)
AVX2 = replace(
    AVX512,
    name="avx2",
    vector_bits=256,
    vector_registers=16,
    features=frozenset({"avx", "avx2", "fma", "f16c", "sse4.2"}),
    cpu_name="haswell",
)

WORKLOADS: tuple[Workload, ...] = (
    Gemm(1, 1000, 512),
    Gemm(37, 53, 19, bias=False),
    Gemm(128, 96, 1024, relu=True, dtype="float64"),
    Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1)),
    Conv2d(1, 64, 64, 3, 32, 7, 7, stride=(2, 2), padding=(3, 3)),
    Conv2d(1, 7, 7, 1024, 512, 1, 1),
    Conv2d(2, 13, 17, 24, 40, 3, 5, stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    Conv2d(1, 9, 9, 24, 48, 3, 3, groups=3, padding=(1, 1)),
    Conv2d(1, 9, 9, 6, 10, 3, 3, groups=2, bias=False, relu=False),
    Conv2d(1, 1, 1, 5, 3, 1, 1),
    DepthwiseConv2d(1, 56, 56, 64, 3, 3, padding=(1, 1)),
    DepthwiseConv2d(1, 13, 13, 20, 3, 3),
    DepthwiseConv2d(1, 13, 13, 6, 5, 5, stride=(2, 2), padding=(2, 2), multiplier=2),
    Gemm(9, 20, 19, clip=(-1, 2.5)),
    Gemm(33, 70, 45, bias=False, constant_b=False),
    Gemm(1, 100, 528, bias=False, constant_b=False),
    Gemm(1, 16, 1024, relu=True),
    Gemm(64, 64, 96, bias=False, constant_b=False),
    Gemm(530, 264, 1536, constant_b=False),
    Conv2d(1, 14, 14, 12, 40, 1, 1, relu=False, clip=(0, 6)),
    DepthwiseConv2d(1, 12, 11, 24, 3, 3, stride=(2, 2), padding=(1, 1), relu=False, clip=(0, 6)),
    Gemm(37, 53, 19, residual=True, activation="gelu"),
    Gemm(29, 33, 17, bias=False, activation="gelu_tanh"),
    Conv2d(1, 13, 17, 24, 40, 3, 3, padding=(1, 1), residual=True),
    Conv2d(1, 7, 9, 5, 19, 1, 1, bias=False, relu=False, residual=True, activation="sigmoid"),
    DepthwiseConv2d(1, 13, 11, 20, 3, 3, padding=(1, 1), relu=False, activation="sigmoid"),
    DepthwiseConv2d(1, 9, 11, 17, 3, 3, residual=True),
    Pool2d(1, 56, 56, 64, 3, 3, stride=(2, 2), padding=(1, 1)),
    Pool2d(1, 225, 225, 3, 2, 2, stride=(2, 2)),
    Pool2d(2, 13, 11, 17, 3, 2, stride=(1, 2), padding=(1, 0), dtype="int32"),
    Pool2d(1, 14, 15, 100, 3, 3, padding=(1, 1), kind="average"),
    Pool2d(1, 9, 9, 17, 3, 3, stride=(2, 2), padding=(1, 1), kind="average", count_padding=True),
    Pool2d.global_average(1, 7, 7, 1000),
    Pool2d.global_average(2, 33, 31, 3),
    Pool2d.global_average(1, 1, 1, 17),
    Softmax(5, 1000),
    Softmax(19, 17),
    Softmax(3, 1),
    Softmax(2, 4099, dtype="float64"),
    LayerNorm(9, 768),
    LayerNorm(21, 100),
    LayerNorm(11, 3, dtype="float64"),
    LayerNorm(2, 4099, epsilon=1e-3),
)


def hardware(threads: int = 2, target: Target = AVX512) -> Hardware:
    """This CPU with the features of `target`."""
    return Hardware.of_target(target, threads)


@lru_cache(maxsize=32)
def record(workload: Workload, *, best_ns: int = 50, on: Hardware | None = None) -> Record:
    """A record of the default schedule of `workload`, with a baseline of 100 ns."""
    family, layer = find_family(workload), build(workload)
    knobs = family.default(workload, AVX512, 2)
    return Record(
        workload=workload,
        algorithm_hash=algorithm_hash(layer.algorithm()),
        hardware=on or hardware(),
        toolchain=Toolchain(codegen_epoch="0123456789abcdef", numba="0.68.0", llvmlite="0.50.0", threading_layer="omp"),
        family=family.name,
        knobs=knobs,
        schedule=family.schedule(layer, knobs, AVX512, 2),
        timing=Timing((best_ns + 3, best_ns), (100, 110), "minimum of batches"),
        check=Check("tensorlang.reference", (0, 1), 1e-6, 2e-7),
        provenance={"made_by": "a test"},
    )
