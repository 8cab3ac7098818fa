"""What the machine can do, measured by kernels of our own: multiply-adds per second and bytes read per second.

A measurement is of the machine at its best, and whatever disturbs it makes it look slower, never faster. So it is taken
in short rounds a pause apart, which no short disturbance hits all of, the best counts, and rounds go on while the best
few disagree: a best that no other round comes near may itself have been disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
_LEAST_ROUNDS = 4
#: Rounds that must come so near to the best one.
_AGREEING = 3
_AGREEMENT = 0.98
#: Time that the rounds of one measurement may take when they do not agree [s].
_LONGEST_S = 2.0
#: Longer than an idle libgomp thread spins (15 ms), so that threads are placed anew for each round [s]: two that share
#: a core, while others keep the rest busy, stay there as long as both run (measured: 19 GFLOP/s of 235, for seconds).
_PAUSE_S = 0.03


def measure_fma_peak_gflops(threads: int = 1) -> float:
    """Return the rate of float32 fused multiply-adds, two operations each, on that many threads [GFLOP/s]."""
    kernel = _fma_kernel(threads)
    lanes = host_target().lanes(float32)
    seed = empty_aligned((lanes,), float32)
    seed[:] = 0.5
    operations = 2.0 * lanes * _CHAINS * _ROUNDS * threads
    return best_of_rounds(_rate_of(kernel.bare(seed, threads=threads), operations / 1e9))


def measure_read_bandwidth_gbs(threads: int = 1) -> float:
    """Return the rate of reading an array that no cache holds, on that many threads [GB/s]."""
    size_bytes = max(_READ_BYTES_MIN, 4 * host_target().l3_bytes)
    kernel = _read_kernel(threads, size_bytes)
    source = zeros_aligned(kernel.inputs[0].shape, float64)
    source[...] = 1.0
    return best_of_rounds(_rate_of(kernel.bare(source, threads=threads), source.nbytes / 1e9))


def best_of_rounds(
    measure: Callable[[], float],
    *,
    longest_s: float = _LONGEST_S,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> float:
    """Return the greatest of several measurements of one rate.

    Parameters
    ----------
    measure : callable
        A short round: measures the rate once, in any unit.
    longest_s : float
        No round begins later than this after the first, but for the least number of them [s].
    clock, pause : callable
        Time that has passed, and a wait between rounds [s].

    Returns
    -------
    float
        The best of at least 4 rounds; of more, as long as fewer than 3 of them come within 2 % of it.
    """
    begin_s = clock()
    rates = [measure()]
    while len(rates) < _LEAST_ROUNDS or (not _agree(rates) and clock() - begin_s < longest_s):
        pause(_PAUSE_S)
        rates.append(measure())
    return max(rates)


def _agree(rates: Sequence[float]) -> bool:
    return sum(rate >= _AGREEMENT * max(rates) for rate in rates) >= _AGREEING


def _rate_of(call: Callable[[], object], amount: float) -> Callable[[], float]:
    """A round that gives `amount` per second of the fastest of a few calls, each long enough for the clock."""
    return lambda: amount / time_callable(call, min_batch_s=2e-3, repeats=3).minimum_s


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
