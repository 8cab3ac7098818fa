"""Which CPUs the processes of a comparison run on, and the environment they see: the same for all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tensorlang.errors import TuningError

_TOPOLOGY = Path("/sys/devices/system/cpu")


def choose_cpus(threads: int, topology: Path = _TOPOLOGY) -> tuple[int, ...]:
    """Return `threads` CPUs that this process may use, of as many different cores as there are.

    Returns
    -------
    tuple of int
        Numbers of the CPUs; empty where the system cannot pin processes, which then run where they like.

    Raises
    ------
    TuningError
        If there are fewer CPUs than threads.
    """
    if threads < 1:
        raise TuningError(f"the number of threads must be at least 1, but got {threads}.")
    if sys.platform != "linux":
        return ()
    allowed = sorted(os.sched_getaffinity(0))
    if threads > len(allowed):
        raise TuningError(
            f"{threads} threads were asked for, but this process may use {len(allowed)} CPUs.",
            rule="every thread has a CPU of its own",
        )
    rank_in_core: dict[int, int] = {}
    cores: dict[str, int] = {}
    for cpu in allowed:
        core = _siblings(cpu, topology)
        rank_in_core[cpu] = cores.get(core, 0)
        cores[core] = rank_in_core[cpu] + 1
    return tuple(sorted(allowed, key=lambda cpu: (rank_in_core[cpu], cpu))[:threads])


def _siblings(cpu: int, topology: Path) -> str:
    """The CPUs that share a core with `cpu`, as the system writes them; `cpu` itself where it does not say."""
    try:
        return (topology / f"cpu{cpu}/topology/thread_siblings_list").read_text(encoding="ascii").strip()
    except OSError:
        return str(cpu)


@contextmanager
def pinned_to(cpus: tuple[int, ...]) -> Iterator[None]:
    """Run the body on `cpus` alone; processes it starts inherit that and keep it. Nothing happens if there are none."""
    if sys.platform != "linux" or not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# By default idle threads of OpenBLAS spin for 2**28 cycles and those of Intel's OpenMP runtime for 200 ms: longer than
# the quiet time between turns. This much [log2 of cycles; ms] is still far longer than the time between two calls.
_SPINNING = {"OPENBLAS_THREAD_TIMEOUT": "25", "KMP_BLOCKTIME": "20"}


def own_cpus() -> tuple[int, ...]:
    """The CPUs that this process may use, in order; empty where the system cannot pin processes."""
    return tuple(sorted(os.sched_getaffinity(0))) if sys.platform == "linux" else ()


# Threads of OpenMP spin, and two that the system put on one CPU would keep each other waiting. The pools of ONNX
# Runtime and OpenVINO do not read this, and are told in their processes; Halide's threads share the CPUs of the
# process as the system sees fit, as there is no way to tell them.
_BINDING = {"OMP_PROC_BIND": "true"}


def thread_environment(threads: int) -> Mapping[str, str]:
    """This process's environment with the thread pools of all known libraries limited to `threads`.

    Threads of OpenMP get a CPU each of those that the process may use.
    Their idle threads are asleep by the end of the quiet time between turns (`autotune.bench.rounds.SETTLE_S`).
    """
    pools = ("NUMBA", "OMP", "OPENBLAS", "MKL", "HL")
    return {**os.environ, **{f"{pool}_NUM_THREADS": str(threads) for pool in pools}, **_SPINNING, **_BINDING}
