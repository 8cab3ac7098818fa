"""How long dependent vector instructions keep one pass of a loop from overtaking the one before.

Each instruction starts when the registers it reads are ready; a few passes are played through, and what each adds to
the latest of them is the length of the loop-carried chain. Chains through memory are not seen. This is the longest
cyclic dependency of J. Laukemann et al., "Automatic throughput and critical path analysis of x86 and ARM assembly
kernels" (OSACA), PMBS 2019. Latencies [cycle]: floating-point arithmetic 4 as on Intel from Skylake and AMD from Zen 2
(Haswell's and Zen's multiply-adds take 5), divisions and roots 13, everything else 1: A. Fog, "Instruction tables".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tensorlang.inspection.assembly import Instruction

#: Latency of a floating-point addition, multiplication or multiply-add [cycle].
ARITHMETIC_CYCLES = 4
_SLOW_CYCLES = 13
_MULTIPLY_ADD = re.compile(r"^(vfn?m(add|sub|addsub|subadd)\d{3}|vpdp\w+|vdpbf16)")
_ARITHMETIC = re.compile(r"^v?(add|sub|mul|max|min|cvt|cmp|round|rndscale|hadd)[a-z0-9]*[ps][shd]$")
_SLOW = re.compile(r"^v?(div|sqrt)")
_IDIOMS = ("vxor", "vpxor", "vpternlog")
_PASSES = 8


def is_multiply_add(mnemonic: str) -> bool:
    """True for fused multiply-adds and dot products that accumulate."""
    return _MULTIPLY_ADD.match(mnemonic) is not None


def carried_cycles(instructions: Sequence[Instruction]) -> float:
    """Return the cycles that a pass through a loop takes at least, by its loop-carried chains."""
    steps = [_step(i) for i in instructions if i.registers and _writes_register(i)]
    ready: dict[int, int] = {}
    latest = [0]
    for _ in range(_PASSES):
        for target, sources, cycles in steps:
            ready[target] = max((ready.get(s, 0) for s in sources), default=0) + cycles
        latest.append(max(ready.values(), default=0))
    half = _PASSES // 2
    return (latest[-1] - latest[half]) / (_PASSES - half)


def _writes_register(instruction: Instruction) -> bool:
    """True if the destination is a vector register, not memory, a mask or an integer register."""
    return not instruction.is_store and "mm" in instruction.operands[-1]


def _step(instruction: Instruction) -> tuple[int, tuple[int, ...], int]:
    """The register that an instruction writes, those it reads, and its latency [cycle]."""
    numbers = [number for _, number in instruction.registers]
    target, sources = numbers[-1], numbers[:-1]
    if _reads_target(instruction):
        sources.append(target)
    elif instruction.mnemonic.startswith(_IDIOMS) and len(set(numbers[:-1])) == 1:
        sources = []
    return target, tuple(sources), _latency(instruction.mnemonic)


def _reads_target(instruction: Instruction) -> bool:
    is_merged = "{%k" in instruction.text and "{z}" not in instruction.text
    return is_multiply_add(instruction.mnemonic) or is_merged or not instruction.mnemonic.startswith(("v", "mov"))


def _latency(mnemonic: str) -> int:
    if _SLOW.match(mnemonic):
        return _SLOW_CYCLES
    return ARITHMETIC_CYCLES if is_multiply_add(mnemonic) or _ARITHMETIC.match(mnemonic) else 1
