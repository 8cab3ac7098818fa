"""What the hot loop of a kernel does, counted in its assembly (x86-64, AT&T syntax)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = re.compile(r"^[.\w$]+:")
_JUMP = re.compile(r"^(j\w+|retq?)\b")
_REGISTER = re.compile(r"%([xyz]mm)(\d+)")
_STACK = re.compile(r"\((%rsp|%rbp)\b")
_MASK = re.compile(r"\s*\{[^}]*\}")
_WIDTH_BITS = {"xmm": 128, "ymm": 256, "zmm": 512}


@dataclass(frozen=True, slots=True)
class HotBlock:
    """The basic block with the most fused multiply-adds; where they are as many, with the most vector instructions.

    Attributes
    ----------
    instructions, vector_instructions, fmas, loads, broadcasts, spills, gathers, masked : int
        Counts in one pass through the block; loads include operands in memory, spills are vector accesses to the stack.
    vector_registers : int
        Distinct vector registers named.
    vector_bits : int
        The widest register [bit].
    """

    instructions: int
    vector_instructions: int
    fmas: int
    loads: int
    broadcasts: int
    spills: int
    gathers: int
    masked: int
    vector_registers: int
    vector_bits: int


def find_hot_block(assembly: str) -> HotBlock:
    """Count what the block with the most fused multiply-adds, then the most vector instructions, of a text holds."""
    return max(map(_count, _blocks(assembly)), key=lambda block: (block.fmas, block.vector_instructions))


def _blocks(assembly: str) -> list[list[str]]:
    """Runs of instructions between labels and jumps."""
    blocks: list[list[str]] = [[]]
    for raw in assembly.splitlines():
        line = raw.split("#")[0].strip()
        if _LABEL.match(line):
            blocks.append([])
        elif line and not line.startswith("."):
            blocks[-1].append(line)
            if _JUMP.match(line):
                blocks.append([])
    return blocks


def _count(lines: list[str]) -> HotBlock:
    vector = [line for line in lines if _REGISTER.search(line)]
    # The last operand is the destination; a store's is memory, perhaps with a mask behind it.
    from_memory = [line for line in vector if "(" in line and not _MASK.sub("", line).endswith(")")]
    registers = {match.group(2) for line in vector for match in _REGISTER.finditer(line)}
    widths = [_WIDTH_BITS[match.group(1)] for line in vector for match in _REGISTER.finditer(line)]
    return HotBlock(
        instructions=len(lines),
        vector_instructions=len(vector),
        fmas=sum(line.startswith(("vfm", "vfnm")) for line in vector),
        loads=len(from_memory),
        broadcasts=sum("broadcast" in line or "{1to" in line for line in vector),
        spills=sum(bool(_STACK.search(line)) for line in vector),
        gathers=sum("gather" in line for line in vector),
        masked=sum("{%k" in line or "maskmov" in line for line in vector),
        vector_registers=len(registers),
        vector_bits=max(widths, default=0),
    )
