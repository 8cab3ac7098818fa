"""All facts about a compiled kernel that say how fast it can be: hot loop, operations, bytes, measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from tensorlang.codegen import Target
from tensorlang.inspection.hot_loop import HotLoop, find_hot_loop
from tensorlang.inspection.operations import Work, count_needed, count_work
from tensorlang.inspection.traffic import estimate_traffic
from tensorlang.runtime.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on as many threads as the analysis is for.

    Attributes
    ----------
    time_s : float
        A call of the kernel [s].
    fma_gflops : float
        Peak of float32 fused multiply-adds [GFLOP/s].
    read_gbs : float
        Bandwidth of reads from memory [GB/s].
    """

    time_s: float
    fma_gflops: float
    read_gbs: float


@dataclass(frozen=True)
class Analysis:
    """What a kernel does and what it is made of.

    Attributes
    ----------
    target : Target
    threads : int
    hot_loop : HotLoop
    work : Work
        What its loops compute.
    needed_operations : float
        What computing every Func once takes; that of `work` where this is not known or more.
    array_bytes : int
        Inputs, outputs and prepared state, each once: what must be moved at least [B].
    traffic_bytes : tuple of float
        Into each of the target's caches from the level behind it, an estimate (`tensorlang.inspection.traffic`) [B].
    measured : Measured or None
    """

    target: Target
    threads: int
    hot_loop: HotLoop
    work: Work
    needed_operations: float
    array_bytes: int
    traffic_bytes: tuple[float, ...]
    measured: Measured | None = None

    @property
    def cache_bytes(self) -> tuple[int, ...]:
        """Sizes of the caches, nearest first [B]."""
        return cache_sizes(self.target)

    @property
    def fits_cache(self) -> bool:
        """True if the arrays stay in half of the last cache from call to call."""
        return 2 * self.array_bytes <= self.cache_bytes[-1]

    @property
    def intensity(self) -> float:
        """Operations needed per byte that must be moved [FLOP/B]."""
        return self.needed_operations / self.array_bytes if self.array_bytes else 0.0

    @property
    def waste(self) -> float:
        """Operations executed for each that is needed, 1 if all are."""
        return self.work.operations / self.needed_operations if self.needed_operations else 1.0

    @property
    def gflops(self) -> float | None:
        """Speed by the operations needed [GFLOP/s]."""
        return self.needed_operations / self.measured.time_s / 1e9 if self.measured else None

    @property
    def peak_gflops(self) -> float | None:
        """Measured peak for elements of the width that the hot loop computes [GFLOP/s]."""
        return self.measured.fma_gflops * 32 / self.hot_loop.element_bits if self.measured else None

    @property
    def roof_gflops(self) -> float | None:
        """What peak and, unless the arrays stay in a cache, memory bandwidth allow: the roofline [GFLOP/s]."""
        if self.measured is None or self.peak_gflops is None:
            return None
        return self.peak_gflops if self.fits_cache else min(self.peak_gflops, self.intensity * self.measured.read_gbs)

    def to_data(self) -> Mapping[str, Any]:
        """The analysis as JSON data, units in the names."""
        return {
            "target": self.target.name,
            "threads": self.threads,
            "hot_loop": asdict(self.hot_loop),
            "operations": {"needed": self.needed_operations, "executed": self.work.operations},
            "array_bytes": self.array_bytes,
            "estimated_traffic_bytes": dict(zip(("l1", "l2", "l3"), self.traffic_bytes, strict=True)),
            "intensity_flop_per_byte": self.intensity,
            "measured": asdict(self.measured) if self.measured else None,
            "gflops": self.gflops,
            "roofline_gflops": self.roof_gflops,
        }


def cache_sizes(target: Target) -> tuple[int, ...]:
    """Sizes of the data caches of a target, nearest first [B]."""
    return target.l1d_bytes, target.l2_bytes, target.l3_bytes


def analyse(kernel: Kernel, *, threads: int = 1, measured: Measured | None = None) -> Analysis:
    """Collect the facts about the main function of a kernel.

    Parameters
    ----------
    kernel : Kernel
    threads : int, >= 1
        Threads that parallel loops run on.
    measured : Measured, optional
        Of this kernel on so many threads.

    Returns
    -------
    Analysis
    """
    main = kernel.module.main
    work = count_work(main.body)
    return Analysis(
        target=kernel.target,
        threads=threads,
        hot_loop=find_hot_loop(kernel.asm(remarks=True)),
        work=work,
        needed_operations=_needed(kernel, work),
        array_bytes=sum(p.type.size_bytes * prod(p.shape) for p in main.params),
        traffic_bytes=estimate_traffic(main, cache_sizes(kernel.target)),
        measured=measured,
    )


def _needed(kernel: Kernel, work: Work) -> float:
    """Operations needed: never more than those executed, as these are right."""
    if kernel.algorithm is None:
        return work.operations
    shapes = {p.name.rpartition(".")[0] or p.name: p.shape for p in kernel.outputs}
    needed = count_needed(kernel.algorithm, shapes)
    return work.operations if needed is None else min(needed, work.operations)
