"""The machine a record was measured on, and how near two machines are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tensorlang.codegen.target import Target, host_target
from tensorlang.errors import DatabaseError

# Features that change which code is generated or how it runs; the rest of LLVM's list is noise to a lookup.
_ISA_FEATURES = (
    "sse4.2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512bw",
    "avx512dq",
    "avx512vl",
    "avx512vnni",
    "avx512bf16",
    "avx512fp16",
    "avxvnni",
    "amx-tile",
    "amx-int8",
    "amx-bf16",
    "neon",
    "fullfp16",
    "dotprod",
    "bf16",
    "i8mm",
    "sve",
    "sve2",
)
_MOST = 1 << 40
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Hardware:
    """A CPU as far as schedules care.

    Attributes
    ----------
    vendor, family, model : str
        As the CPU itself says (``"AuthenticAMD"``, ``"25"``, ``"17"``); LLVM's name for it is no key.
    isa : tuple of str
        Vector features, in LLVM's spelling.
    vector_bits : int
        Width of a vector register [bit].
    l1d_bytes, l2_bytes, l3_bytes : int
        Sizes of the data caches [B]; 0 if there is none.
    cores : int
        Cores this process may use.
    threads : int
        Threads that kernels run with.
    """

    vendor: str
    family: str
    model: str
    isa: tuple[str, ...]
    vector_bits: int
    l1d_bytes: int
    l2_bytes: int
    l3_bytes: int
    cores: int
    threads: int

    def __post_init__(self) -> None:
        least = {"vector_bits": 0, "l1d_bytes": 0, "l2_bytes": 0, "l3_bytes": 0, "cores": 1, "threads": 1}
        for name, bound in least.items():
            if not bound <= getattr(self, name) <= _MOST:
                raise DatabaseError(f"hardware.{name} must be from {bound} to {_MOST}.")

    @classmethod
    def here(cls, threads: int) -> Hardware:
        """This machine, as kernels are compiled for it now."""
        return cls.of_target(host_target(), threads)

    @classmethod
    def of_target(cls, target: Target, threads: int) -> Hardware:
        """This machine's CPU, with the features, caches and cores of `target`."""
        vendor, family, model = _cpu_identity()
        return cls(
            vendor=vendor,
            family=family,
            model=model,
            isa=tuple(name for name in _ISA_FEATURES if name in target.features),
            vector_bits=target.vector_bits,
            l1d_bytes=target.l1d_bytes,
            l2_bytes=target.l2_bytes,
            l3_bytes=target.l3_bytes,
            cores=target.cores,
            threads=threads,
        )

    @property
    def class_name(self) -> str:
        """Short name of the hardware class, fit for a file name: ``"authenticamd-25-17-512"``."""
        parts = (self.vendor, self.family, self.model, str(self.vector_bits))
        return "-".join(re.sub(r"[^a-z0-9]+", "", part.lower()) or "unknown" for part in parts)

    def is_same_isa(self, other: Hardware) -> bool:
        """True if both run the same vector code."""
        return self.isa == other.isa and self.vector_bits == other.vector_bits

    def is_same_isa_and_caches(self, other: Hardware) -> bool:
        """True if both run the same vector code out of caches of the same sizes."""
        caches, others = ((h.l1d_bytes, h.l2_bytes, h.l3_bytes) for h in (self, other))
        return self.is_same_isa(other) and caches == others


@lru_cache(maxsize=1)
def _cpu_identity() -> tuple[str, str, str]:
    """Vendor, family and model of the first CPU; ``"unknown"`` where the system does not say."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = dict(reversed(re.findall(r"^([^\t:]+?)\s*: *(.*)$", text, re.MULTILINE)))
    keys = (("vendor_id", "CPU implementer"), ("cpu family", "CPU architecture"), ("model", "CPU part"))
    vendor, family, model = (next((found[key] for key in names if key in found), "unknown") for names in keys)
    return vendor, family, model
