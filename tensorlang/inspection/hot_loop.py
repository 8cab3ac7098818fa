"""What the hot loop of a kernel does: vector instructions by kind, counted in its assembly.

Trip counts do not show in machine code, so a loop is taken to run 8 times, the count that a back edge taken in 88 % of
cases stands for: Y. Wu, J. R. Larus, "Static branch frequency and program profile analysis", MICRO-27, 1994.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tensorlang.inspection.assembly import Block, Instruction, read_blocks
from tensorlang.inspection.latency import carried_cycles, is_multiply_add

_TRIPS = 8
_ARITHMETIC = re.compile(r"^v(add|sub|mul|div|max|min|sqrt)[ps][shd]$")
_SCALAR = re.compile(r"^(?!v?p)\w+s[shd]$")
_ELEMENT = re.compile(r"^(vpbroadcast[bwdq]|vbroadcasts[shd]|v?mov[dq]|v?pinsr[bwdq]|v?insertps)$")
_COPY = re.compile(r"^vmova\w+\s+%[xyz]mm\d+, %[xyz]mm\d+$")
_INSERT = re.compile(r"^v?(pinsr[bwdq]|insertps)$")
_STACK = re.compile(r"\(%rsp\b")
_FRAME = re.compile(r"\((%rsp|%rbp)\b")
_ENTERS_FRAME = "movq %rsp, %rbp"
_ELEMENT_BITS = {"b": 8, "w": 16, "h": 16, "s": 32, "d": 64, "q": 64}


@dataclass(frozen=True, slots=True)
class HotLoop:
    """The innermost loop in which most multiply-adds happen; where there are none, most vector instructions.

    Counts are of one pass through all of its blocks, both sides of a branch included.

    Attributes
    ----------
    depth : int
        Loops around the code, its own included; 0 for code that is in no loop.
    instructions, vector_instructions : int
    fmas, scalar_fmas : int
        Fused multiply-adds of vectors, and of single elements.
    arithmetic : int
        Other vector additions, multiplications, divisions, minima and maxima of floats.
    accumulators : int
        Distinct registers that multiply-adds write.
    carried_cycles : float
        What chains of dependent instructions take from one pass to the next (`tensorlang.inspection.latency`) [cycle].
    loads, stores : int
        Vector instructions that read or write memory, operands in memory and spills included.
    loaded_bytes : int
        What those loads bring to registers [B].
    broadcasts, embedded_broadcasts : int
        Instructions that broadcast, and operands in memory that are broadcast by the instruction that uses them.
    spills, reloads : int
        Vector registers stored to the stack for want of registers, and loads of them.
    stack : int
        Other vector accesses to the stack: arrays on it, which are not held in registers.
    gathers, scatters, masked, calls : int
        A gather is not counted as masked.
    copies : int
        Of a register to another, which cost no execution unit.
    inserts : int
        Single elements loaded into a lane of a vector: what a gather is where there is no instruction for it.
    vector_registers : int
        Distinct vector registers named.
    vector_bits : int
        The widest register, of multiply-adds if there are any [bit].
    element_bits : int
        Of what multiply-adds compute [bit]; 32 without them.
    """

    depth: int
    instructions: int
    vector_instructions: int
    fmas: int
    scalar_fmas: int
    arithmetic: int
    accumulators: int
    carried_cycles: float
    loads: int
    stores: int
    loaded_bytes: int
    broadcasts: int
    embedded_broadcasts: int
    spills: int
    reloads: int
    stack: int
    gathers: int
    copies: int
    inserts: int
    scatters: int
    masked: int
    calls: int
    vector_registers: int
    vector_bits: int
    element_bits: int = 32

    @property
    def lanes(self) -> int:
        """Elements of a vector [lanes]."""
        return max(1, self.vector_bits // self.element_bits)


def find_hot_loop(assembly: str) -> HotLoop:
    """Count what the hot loop of an assembly text with LLVM's remarks holds; see `tensorlang.runtime.Kernel.asm`."""
    loops: dict[object, list[Block]] = {}
    blocks = read_blocks(assembly)
    for number, block in enumerate(blocks):
        loops.setdefault((block.function, block.loop) if block.loop else number, []).append(block)
    hottest = max(loops.values(), key=_heat, default=[])
    # %rbp is a register as any other in a function that has no frame.
    framed = {block.function for block in blocks for i in block.instructions if i.text == _ENTERS_FRAME}
    stack = _FRAME if hottest and hottest[0].function in framed else _STACK
    return _count([i for block in hottest for i in block.instructions], hottest[0].depth if hottest else 0, stack)


def _heat(blocks: Sequence[Block]) -> tuple[int, int, int, int]:
    """Bits of multiply-adds, as often as they are thought to run, then vector instructions.

    Of loops with the same multiply-adds, which are copies that partitioning made, the steady state is the one that
    needs the fewest other vector instructions: it has no masks.
    """
    instructions = [i for block in blocks for i in block.instructions]
    times = _TRIPS ** blocks[0].depth
    fma_bits = sum(_data_bits(i) for i in instructions if is_multiply_add(i.mnemonic))
    vectors = sum(bool(i.registers) for i in instructions)
    unmasked = -sum(map(_is_masked, instructions))
    return times * fma_bits, -vectors if fma_bits else times * vectors, unmasked, times * len(instructions)


def _count(instructions: Sequence[Instruction], depth: int, stack: re.Pattern[str]) -> HotLoop:
    vector = [i for i in instructions if i.registers]
    fmas = [i for i in vector if is_multiply_add(i.mnemonic)]
    packed = [i for i in fmas if _is_packed(i)]
    loads = [i for i in vector if i.is_load]
    spills = [i for i in vector if i.remark.endswith("Spill")]
    reloads = [i for i in vector if i.remark.endswith("Reload")]
    on_stack = sum(bool(stack.search(i.text)) for i in vector)
    widths = [bits for i in packed or vector for bits, _ in i.registers]
    return HotLoop(
        depth=depth,
        instructions=len(instructions),
        vector_instructions=len(vector),
        fmas=len(packed),
        scalar_fmas=len(fmas) - len(packed),
        arithmetic=sum(_ARITHMETIC.match(i.mnemonic) is not None and _is_packed(i) for i in vector),
        accumulators=len({i.registers[-1][1] for i in fmas}),
        carried_cycles=carried_cycles(instructions) if depth else 0.0,
        loads=len(loads),
        stores=sum(i.is_store for i in vector),
        loaded_bytes=sum(_loaded_bytes(i) for i in loads),
        broadcasts=sum("broadcast" in i.mnemonic for i in vector),
        embedded_broadcasts=sum("{1to" in i.text for i in vector),
        spills=len(spills),
        reloads=len(reloads),
        stack=max(0, on_stack - len(spills) - len(reloads)),
        gathers=sum("gather" in i.mnemonic for i in vector),
        copies=sum(_COPY.match(i.text) is not None for i in vector),
        inserts=sum(_INSERT.match(i.mnemonic) is not None for i in loads),
        scatters=sum("scatter" in i.mnemonic for i in vector),
        masked=sum(map(_is_masked, vector)),
        calls=sum(i.mnemonic.startswith("call") for i in instructions),
        vector_registers=len({number for i in vector for _, number in i.registers}),
        vector_bits=max(widths, default=0),
        element_bits=max(map(_element_bits, fmas), default=32),
    )


def _is_packed(instruction: Instruction) -> bool:
    return _SCALAR.match(instruction.mnemonic) is None


def _is_masked(instruction: Instruction) -> bool:
    if "gather" in instruction.mnemonic or "scatter" in instruction.mnemonic:
        return False
    return "{%k" in instruction.text or "maskmov" in instruction.mnemonic


def _data_bits(instruction: Instruction) -> int:
    """Bits that an instruction computes: its registers', or one element's [bit]."""
    return max(bits for bits, _ in instruction.registers) if _is_packed(instruction) else _element_bits(instruction)


def _loaded_bytes(instruction: Instruction) -> int:
    """Bytes that a load reads: an element if it broadcasts, inserts or is scalar, else a register [B]."""
    is_element = "{1to" in instruction.text or _ELEMENT.match(instruction.mnemonic) is not None
    return (_element_bits(instruction) if is_element else _data_bits(instruction)) // 8


def _element_bits(instruction: Instruction) -> int:
    """Bits of an element, by the last letter; ``d`` is a double, but 32 bits in ``vp...d`` and ``movd``."""
    mnemonic = instruction.mnemonic
    is_integer = mnemonic.startswith(("vp", "vmovd", "movd"))
    return 32 if is_integer and mnemonic.endswith("d") else _ELEMENT_BITS.get(mnemonic[-1], 32)
