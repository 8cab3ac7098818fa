"""What the machine code is made for: instruction set, registers, caches and cores of the host, as LLVM sees them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
from numba import config

from tensorlang.codegen.isa import CPU_FEATURES, select_isa
from tensorlang.dtypes import DType

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_FALLBACK_CACHE_BYTES = {1: 32 << 10, 2: 512 << 10, 3: 4 << 20}
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Target:
    """A machine that kernels are compiled for.

    Attributes
    ----------
    name : str
        Instruction set: ``"avx512"``, ``"avx2"``, ``"avx"``, ``"sse4"``, ``"neon"`` or ``"generic"``.
    vector_bits : int
        Width of a vector register [bit].
    vector_registers : int
        Number of vector registers.
    has_fma, has_f16c : bool
        Fused multiply-add, and conversions between float16 and float32, in hardware.
    features : frozenset of str
        LLVM features that are on.
    l1d_bytes, l2_bytes, l3_bytes : int
        Sizes of the data caches that one core sees [B].
    cores : int
        Processors that this process may run on.
    cpu_name : str
        LLVM's name of the CPU.
    """

    name: str
    vector_bits: int
    vector_registers: int
    has_fma: bool
    has_f16c: bool
    features: frozenset[str]
    l1d_bytes: int
    l2_bytes: int
    l3_bytes: int
    cores: int
    cpu_name: str

    def lanes(self, dtype: DType) -> int:
        """Elements of `dtype` in a vector register [lanes]."""
        return max(1, self.vector_bits // (8 * dtype.size_bytes))

    @property
    def code_key(self) -> str:
        """Text that changes whenever the machine code might: part of the key of cached kernels."""
        return f"{self.cpu_name} {','.join(sorted(self.features))}"


@cache
def host_target() -> Target:
    """Return the target that Numba compiles for in this process.

    ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` are respected, as Numba respects them: the name alone leaves the
    host's features on.
    """
    cpu_name = str(config.CPU_NAME or llvm.get_host_cpu_name())
    features = _enabled_features(cpu_name)
    isa = select_isa(features)
    is_arm = isa.name == "neon"
    l1d_bytes, l2_bytes, l3_bytes = (_cache_bytes(level) for level in (1, 2, 3))
    return Target(
        name=isa.name,
        vector_bits=isa.vector_bits,
        vector_registers=isa.vector_registers,
        has_fma=is_arm or "fma" in features,
        has_f16c=is_arm or "f16c" in features,
        features=features,
        l1d_bytes=l1d_bytes,
        l2_bytes=l2_bytes,
        l3_bytes=l3_bytes,
        cores=_available_cores(),
        cpu_name=cpu_name,
    )


def _enabled_features(cpu_name: str) -> frozenset[str]:
    host = frozenset(name for name, is_on in llvm.get_host_cpu_features().items() if is_on)
    if config.CPU_FEATURES is None:
        return host
    implied = host if cpu_name == llvm.get_host_cpu_name() else CPU_FEATURES.get(cpu_name, frozenset())
    return apply_features(implied, str(config.CPU_FEATURES))


def apply_features(implied: frozenset[str], flags: str) -> frozenset[str]:
    """Return `implied` with LLVM `flags` such as ``"+avx2,-avx512f"`` applied in order."""
    features = set(implied)
    for flag in filter(None, (part.strip() for part in flags.split(","))):
        if flag.startswith("-"):
            features.discard(flag[1:])
        else:
            features.add(flag.removeprefix("+"))
    return frozenset(features)


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cache_bytes(level: int) -> int:
    """Size of the data cache of a level, from Linux' sysfs, else a size that is small for today's machines [B]."""
    for entry in sorted(_CACHES.glob("index*")):
        try:
            if int((entry / "level").read_text()) == level and (entry / "type").read_text().strip() != "Instruction":
                return _parse_size((entry / "size").read_text().strip())
        except (OSError, ValueError, KeyError):
            continue
    return _FALLBACK_CACHE_BYTES[level]


def _parse_size(text: str) -> int:
    """Bytes in a sysfs size such as ``"1024K"`` [B]."""
    return int(text) if text.isdigit() else int(text[:-1]) * _UNITS[text[-1]]
