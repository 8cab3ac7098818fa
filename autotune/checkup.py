"""Examines this machine: what kernels are compiled for, what it can do at best, and what would disturb measurements."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autotune.machine import cpu_name, governor, read_text
from autotune.measure.measurer import Measurer, Peaks
from schedules import Database, Hardware
from tensorlang.codegen.target import Target, host_target
from tensorlang.errors import DatabaseError

_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_BUSY_SHARE = 0.2
_LEAST_SCALING = 0.8


@dataclass(frozen=True)
class Checkup:
    """What was found.

    Attributes
    ----------
    cpu : str
        Name of the CPU, as it says itself.
    hardware : Hardware
    target : Target
    threading_layer : str
        What launches parallel loops.
    load : float
        Runnable processes, mean over the last minute.
    peaks : dict of int to Peaks or None
        By number of threads; None where measuring failed.
    warnings : tuple of str
        What makes kernels slow or times unreliable.
    """

    cpu: str
    hardware: Hardware
    target: Target
    threading_layer: str
    load: float
    peaks: dict[int, Peaks | None]
    warnings: tuple[str, ...]


def examine(measurer: Measurer, threading_layer: str) -> Checkup:
    """Examine this machine; peaks are measured with one thread and with all cores."""
    load = os.getloadavg()[0]  # before measuring adds to it
    target = host_target()
    peaks = {threads: measurer.peaks(threads) for threads in sorted({1, target.cores})}
    return Checkup(
        cpu=cpu_name(),
        hardware=Hardware.here(target.cores),
        target=target,
        threading_layer=threading_layer,
        load=load,
        peaks=peaks,
        warnings=tuple(_warnings(target, threading_layer, load, peaks)),
    )


def _warnings(target: Target, threading_layer: str, load: float, peaks: dict[int, Peaks | None]) -> Iterator[str]:
    yield from load_warnings(load, target.cores)
    if threading_layer == "workqueue":
        yield "the workqueue threading layer takes 100 us to start a parallel loop: install libgomp (package libgomp1)"
    if not target.has_fma:
        yield "this CPU, or NUMBA_CPU_FEATURES, has no fused multiply-add: kernels reach half the speed at best"
    yield from _system_warnings()
    yield from _peak_warnings(peaks)
    yield from _database_warnings()


def load_warnings(load: float, cores: int) -> Iterator[str]:
    """A warning if so much `load` on so many cores would disturb measurements."""
    if load > _BUSY_SHARE * cores:
        yield f"the machine is busy (load {load:.1f} on {cores} cores): measurements will be noisy"


def _system_warnings() -> Iterator[str]:
    if sys.platform != "linux":
        yield f"on {sys.platform}, candidates are measured without a memory limit"
    found = governor()
    if found and found != "performance":
        yield f"the CPU frequency governor is {found!r}: 'performance' gives steadier times"
    quota, _, period = read_text(_CPU_QUOTA).partition(" ")
    if quota.isdecimal() and period.isdecimal():
        yield f"a control group limits this process to {int(quota) / int(period):.1f} cores: times will have gaps"


def _peak_warnings(peaks: dict[int, Peaks | None]) -> Iterator[str]:
    for threads, found in peaks.items():
        if found is None:
            yield f"the peaks of {threads} threads could not be measured"
    one, most = peaks[1], max(peaks)
    all_cores = peaks[most]
    if one and all_cores and all_cores.fma_gflops < _LEAST_SCALING * most * one.fma_gflops:
        scaling = all_cores.fma_gflops / one.fma_gflops
        yield f"{most} threads reach {scaling:.1f} times the peak of one: the cores are shared, or slow down together"


def _database_warnings() -> Iterator[str]:
    database = Database.user()
    try:
        database.check_writable()
        yield from (str(problem) for problem in database.load().problems)
    except DatabaseError as reason:
        yield reason.message
