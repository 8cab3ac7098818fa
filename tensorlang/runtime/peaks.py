"""What the machine can do, measured by kernels of our own: multiply-adds per second and bytes read per second."""

from __future__ import annotations

from functools import cache

from tensorlang.codegen import host_target
from tensorlang.dtypes import float32, float64
from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Fma, Load, Ramp, Variable, index
from tensorlang.ir.module import BufferParam, Function, Module, Role
from tensorlang.ir.stmt import Allocate, Block, For, LoopKind, Memory, Stmt, Store
from tensorlang.runtime.buffers import empty_aligned, zeros_aligned
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.module import compile_module
from tensorlang.runtime.timing import time_callable

#: Enough independent chains to cover latency (4 to 5 cycles) times throughput (2 a cycle), few enough for 16 registers.
_CHAINS = 12
_ROUNDS = 200_000
#: Much larger than the last cache is [B]; read once per call.
_READ_BYTES_MIN = 64 << 20


def measure_fma_peak_gflops(threads: int = 1) -> float:
    """Return the rate of float32 fused multiply-adds, two operations each, on that many threads [GFLOP/s]."""
    kernel = _fma_kernel(threads)
    lanes = host_target().lanes(float32)
    seed = empty_aligned((lanes,), float32)
    seed[:] = 0.5
    timing = time_callable(kernel.bare(seed, threads=threads), min_batch_s=5e-3, repeats=10)
    return 2.0 * lanes * _CHAINS * _ROUNDS * threads / timing.minimum_s / 1e9


def measure_read_bandwidth_gbs(threads: int = 1) -> float:
    """Return the rate of reading an array that no cache holds, on that many threads [GB/s]."""
    size_bytes = max(_READ_BYTES_MIN, 4 * host_target().l3_bytes)
    kernel = _read_kernel(threads, size_bytes)
    source = zeros_aligned(kernel.inputs[0].shape, float64)
    source[...] = 1.0
    timing = time_callable(kernel.bare(source, threads=threads), min_batch_s=5e-3, repeats=5)
    return source.nbytes / timing.minimum_s / 1e9


def _kernel(inputs: BufferParam, outputs: BufferParam, task: Stmt, threads: int) -> Kernel:
    body = For("task", index(threads), LoopKind.PARALLEL, task)
    return compile_module(Module(Function("main", (inputs, outputs), body)))


def _repeat(var: str, extent: int, body: Stmt) -> Stmt:
    return For(var, index(extent), LoopKind.SERIAL, body)


def _ramp(base: Expr, lanes: int) -> Ramp:
    return Ramp(base, index(1), lanes)


@cache
def _fma_kernel(threads: int) -> Kernel:
    """Each task: chains ``x = a * x + b`` in registers, their sum stored so that they are not dead."""
    lanes = host_target().lanes(float32)
    vector = float32.with_lanes(lanes)
    seed = Load("seed", _ramp(index(0), lanes), None, vector)
    chains = [_ramp(index(n * lanes), lanes) for n in range(_CHAINS)]
    start = Block(tuple(Store("chains", chain, Const(float(n), vector)) for n, chain in enumerate(chains)))
    step = Block(tuple(Store("chains", c, Fma(seed, Load("chains", c, None, vector), seed)) for c in chains))
    total: Expr = Load("chains", chains[0], None, vector)
    for chain in chains[1:]:
        total = Binary(BinaryOp.ADD, total, Load("chains", chain, None, vector))
    place = Binary(BinaryOp.MUL, Variable("task"), index(lanes))
    body = Block((start, _repeat("round", _ROUNDS, step), Store("sums", _ramp(place, lanes), total)))
    return _kernel(
        BufferParam("seed", (lanes,), float32, Role.INPUT),
        BufferParam("sums", (threads * lanes,), float32, Role.OUTPUT),
        Allocate("chains", float32, _CHAINS * lanes, Memory.REGISTER, body),
        threads,
    )


@cache
def _read_kernel(threads: int, size_bytes: int) -> Kernel:
    """Each task: the sum of a contiguous part, in chains."""
    lanes = host_target().lanes(float64)
    vector = float64.with_lanes(lanes)
    rounds = size_bytes // (threads * _CHAINS * lanes * float64.size_bytes)
    chains = [_ramp(index(n * lanes), lanes) for n in range(_CHAINS)]
    start = Block(tuple(Store("chains", chain, Const(0.0, vector)) for chain in chains))
    at = Binary(BinaryOp.ADD, Binary(BinaryOp.MUL, Variable("task"), index(rounds)), Variable("round"))
    steps = []
    for n, chain in enumerate(chains):
        place = Binary(BinaryOp.ADD, Binary(BinaryOp.MUL, at, index(_CHAINS * lanes)), index(n * lanes))
        value = Load("source", _ramp(place, lanes), None, vector)
        steps.append(Store("chains", chain, Binary(BinaryOp.ADD, Load("chains", chain, None, vector), value)))
    total: Expr = Load("chains", chains[0], None, vector)
    for chain in chains[1:]:
        total = Binary(BinaryOp.ADD, total, Load("chains", chain, None, vector))
    place = Binary(BinaryOp.MUL, Variable("task"), index(lanes))
    body = Block((start, _repeat("round", rounds, Block(tuple(steps))), Store("sums", _ramp(place, lanes), total)))
    return _kernel(
        BufferParam("source", (threads * rounds * _CHAINS * lanes,), float64, Role.INPUT),
        BufferParam("sums", (threads * lanes,), float64, Role.OUTPUT),
        Allocate("chains", float64, _CHAINS * lanes, Memory.REGISTER, body),
        threads,
    )
