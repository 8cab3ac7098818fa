"""Reads the assembly of a kernel (x86-64, AT&T syntax): instructions, and the loops that LLVM says they are in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_LABEL = re.compile(r"^([.\w$]+):")
_FALL_THROUGH = re.compile(r"^# %bb\.\d+:")
_JUMP = re.compile(r"^(j\w+|retq?)\b")
_OWN_LOOP = re.compile(r"=>\s*This (?:Inner )?Loop Header: Depth=(\d+)")
_IN_LOOP = re.compile(r"in Loop: Header=(\w+) Depth=(\d+)")
_CALLED = re.compile(r"\$([.\w$]+)")
_REGISTER = re.compile(r"%([xyz]mm)(\d+)")
_BETWEEN_OPERANDS = re.compile(r",\s*(?![^(]*\))")
_MASK = re.compile(r"\s*\{[^}]*\}")
_WIDTH_BITS = {"xmm": 128, "ymm": 256, "zmm": 512}


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction, and what LLVM remarks on it (``64-byte Spill``)."""

    text: str
    remark: str = ""

    @property
    def mnemonic(self) -> str:
        return self.text.split(maxsplit=1)[0]

    @property
    def operands(self) -> tuple[str, ...]:
        """Operands in AT&T order, the destination last, each with its mask or broadcast in braces."""
        parts = self.text.split(maxsplit=1)
        return tuple(_BETWEEN_OPERANDS.split(parts[1])) if len(parts) > 1 else ()

    @property
    def registers(self) -> tuple[tuple[int, int], ...]:
        """Width [bit] and number of each vector register named."""
        return tuple((_WIDTH_BITS[match[1]], int(match[2])) for match in _REGISTER.finditer(self.text))

    @property
    def is_store(self) -> bool:
        """True if the destination is memory."""
        return "(" in self.text and _MASK.sub("", self.text).endswith(")")

    @property
    def is_load(self) -> bool:
        """True if an operand that is no destination is memory."""
        return "(" in self.text and not self.is_store


@dataclass(slots=True)
class Block:
    """A run of instructions between labels and jumps.

    Attributes
    ----------
    function : str
    loop : str
        Label of the header of the innermost loop around it; empty outside of loops.
    depth : int
        Loops around it, those around calls of its function included.
    """

    function: str
    loop: str = ""
    depth: int = 0
    instructions: list[Instruction] = field(default_factory=list)


def read_blocks(assembly: str) -> list[Block]:
    """Return the blocks of a text in order; without LLVM's remarks, none of them is in a loop."""
    blocks = [block for block in _split(assembly) if block.instructions]
    _add_depth_of_calls(blocks)
    return blocks


def _split(assembly: str) -> Iterator[Block]:
    label, block = "", Block("")
    for raw in assembly.splitlines():
        text, _, remark = (part.strip() for part in raw.partition("#"))
        match = _LABEL.match(text)
        if match or _FALL_THROUGH.match(raw.strip()):
            yield block
            label = match[1].removeprefix(".L") if match else ""
            is_function = match is not None and not match[1].startswith(".L")
            block = Block(label if is_function else block.function)
        if not block.instructions:
            _note_loop(block, label, remark)
        if text and not match and not text.startswith("."):
            block.instructions.append(Instruction(" ".join(text.split()), remark))
            if _JUMP.match(text):
                yield block
                block = Block(block.function, block.loop, block.depth)
    yield block


def _note_loop(block: Block, label: str, remark: str) -> None:
    if own := _OWN_LOOP.search(remark):
        block.loop, block.depth = label, int(own[1])
    elif found := _IN_LOOP.search(remark):
        block.loop, block.depth = found[1], int(found[2])


def _add_depth_of_calls(blocks: list[Block]) -> None:
    """Parts and tasks of a kernel are functions of their own: what calls them in a loop adds its depth."""
    calls = list(_calls(blocks))
    outer = dict.fromkeys((block.function for block in blocks), 0)
    for _ in outer:  # a chain of calls is at most as long as there are functions, none of which is recursive
        before = dict(outer)
        for caller, depth, called in calls:
            outer[called] = max(outer[called], before[caller] + depth)
        if outer == before:
            break
    for block in blocks:
        block.depth += outer[block.function]


def _calls(blocks: Iterable[Block]) -> Iterator[tuple[str, int, str]]:
    """The function, depth and callee of each use of a function's address."""
    functions = {block.function for block in blocks}
    for block in blocks:
        for instruction in block.instructions:
            for match in _CALLED.finditer(instruction.text):
                if match[1] in functions and match[1] != block.function:
                    yield block.function, block.depth, match[1]
