"""What a measuring child may use: wall-clock time per phase, and memory."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from autotune.measure.outcome import Phase

_SLOWEST_MACS_PER_S = 2e7  # scalar code on a busy machine; only a hung kernel is slower
_CHECK_RUNS = 8  # runs of the kernel in a check, generously
_TIME_RUNS = 3  # warm-up and probe
_MEMORY_BYTES = 4 << 30


def _default_phases() -> Mapping[Phase, float]:
    return MappingProxyType(
        {Phase.START: 60.0, Phase.COMPILE: 20.0, Phase.ORACLE: 300.0, Phase.CHECK: 20.0, Phase.TIME: 20.0}
    )


@dataclass(frozen=True)
class Limits:
    """Wall-clock limit of each phase of a measurement [s]."""

    phase_s: Mapping[Phase, float] = field(default_factory=_default_phases)

    @classmethod
    def for_macs(cls, macs: int) -> Limits:
        """Limits for a kernel of so many multiply-accumulates: a large one may run longer before it counts as hung."""
        run_s = macs / _SLOWEST_MACS_PER_S
        phases = dict(_default_phases())
        for phase, runs in ((Phase.ORACLE, 1), (Phase.CHECK, _CHECK_RUNS), (Phase.TIME, _TIME_RUNS)):
            phases[phase] += runs * run_s
        return cls(MappingProxyType(phases))

    def __reduce__(self) -> tuple[object, ...]:
        """Go through pickle, to a worker on another machine, as a dict: a mapping proxy cannot."""
        return Limits, (dict(self.phase_s),)


def default_memory_bytes() -> int:
    """What a child may take beyond what it has when it is ready: 4 GiB, or half the machine's memory if less [B]."""
    return min(_MEMORY_BYTES, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def limit_this_process(memory_bytes: int) -> None:
    """Let this process take at most `memory_bytes` more address space than it has now [B], and write no core files.

    Allocations beyond it fail inside the process, long before the machine begins to swap. Where the size of the
    process cannot be read (no procfs), memory is not limited.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
