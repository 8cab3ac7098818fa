"""Tables of instruction sets: which LLVM features make one, its vector width and its number of vector registers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Isa:
    """An instruction set as the code generator sees it.

    Attributes
    ----------
    name : str
        ``"avx512"``, ``"avx2"``, ...
    features : frozenset of str
        LLVM features that must all be present.
    vector_bits : int
        Width of a vector register [bit].
    vector_registers : int
        Number of architectural vector registers.
    """

    name: str
    features: frozenset[str]
    vector_bits: int
    vector_registers: int


#: Best first; the last one needs nothing.
ISAS = (
    Isa("avx512", frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"}), 512, 32),
    Isa("avx2", frozenset({"avx2", "fma"}), 256, 16),
    Isa("avx", frozenset({"avx"}), 256, 16),
    Isa("sse4", frozenset({"sse4.1"}), 128, 16),
    Isa("neon", frozenset({"neon"}), 128, 32),
    Isa("generic", frozenset(), 128, 16),
)

_SSE4 = frozenset({"sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"})
_AVX2 = _SSE4 | {"avx", "avx2", "fma", "f16c", "bmi", "bmi2"}
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}

#: What an LLVM CPU name implies when it is asked for in place of the host's.
CPU_FEATURES = {
    "x86-64": frozenset({"sse", "sse2"}),
    "x86-64-v2": _SSE4,
    "nehalem": _SSE4,
    "sandybridge": _SSE4 | {"avx"},
    "x86-64-v3": _AVX2,
    "haswell": _AVX2,
    "broadwell": _AVX2,
    "skylake": _AVX2,
    "znver1": _AVX2,
    "znver2": _AVX2,
    "znver3": _AVX2,
    "x86-64-v4": _AVX512,
    "skylake-avx512": _AVX512,
    "cascadelake": _AVX512,
    "icelake-server": _AVX512,
    "sapphirerapids": _AVX512,
    "znver4": _AVX512,
    "znver5": _AVX512,
}


def select_isa(features: frozenset[str]) -> Isa:
    """Return the best instruction set whose features are all in `features`."""
    return next(isa for isa in ISAS if isa.features <= features)
