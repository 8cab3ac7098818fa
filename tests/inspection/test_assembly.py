"""Blocks and instructions of small assembly texts, with the loops that LLVM's remarks name."""

from __future__ import annotations

import pytest

from tensorlang.inspection.assembly import Instruction, read_blocks

NEST = """
	.text
main:                                   # @main
# %bb.0:                                # %body
	movabsq	$task, %rax
.LBB0_1:                                # %loop
                                        # =>This Loop Header: Depth=1
                                        #     Child Loop BB0_2 Depth 2
	callq	*%rax
	movabsq	$task, %rcx
	.p2align	4
.LBB0_2:                                #   Parent Loop BB0_1 Depth=1
                                        # =>  This Inner Loop Header: Depth=2
	vmovups	%zmm3, 128(%rsp)                # 64-byte Spill
	jne	.LBB0_2
# %bb.3:                                #   in Loop: Header=BB0_1 Depth=1
	jne	.LBB0_1
# %bb.4:
	retq
task:                                   # @task
.LBB1_1:                                # =>This Inner Loop Header: Depth=1
	jne	.LBB1_1
	retq
"""


def test_a_block_knows_its_function_and_its_loop() -> None:
    assert [(b.function, b.loop, b.depth, len(b.instructions)) for b in read_blocks(NEST)] == [
        ("main", "", 0, 1),
        ("main", "BB0_1", 1, 2),
        ("main", "BB0_2", 2, 2),
        ("main", "BB0_1", 1, 1),
        ("main", "", 0, 1),
        ("task", "BB1_1", 2, 1),  # its address is taken in a loop
        ("task", "BB1_1", 2, 1),
    ]


def test_remarks_are_kept_apart_from_the_instruction() -> None:
    assert read_blocks(NEST)[2].instructions[0] == Instruction("vmovups %zmm3, 128(%rsp)", "64-byte Spill")


def test_a_text_without_remarks_ends_blocks_at_labels_and_jumps() -> None:
    text = "f:\n\tnop\n.L1:\n\tnop\n\tnop\n\tjne\t.L1\n\tretq\n"
    assert [len(block.instructions) for block in read_blocks(text)] == [1, 3, 1]
    assert read_blocks("") == []


def test_operands_keep_their_addresses_and_masks() -> None:
    instruction = Instruction("vgatherdps 8(%r10,%zmm7,4), %zmm8 {%k3}")
    assert instruction.mnemonic == "vgatherdps"
    assert instruction.operands == ("8(%r10,%zmm7,4)", "%zmm8 {%k3}")
    assert instruction.registers == ((512, 7), (512, 8))
    assert Instruction("retq").operands == ()


@pytest.mark.parametrize(
    ("text", "is_load", "is_store"),
    [
        ("vmovups (%rax), %ymm1", True, False),
        ("vmovups %ymm1, 32(%rax,%rcx,8)", False, True),
        ("vmovups %zmm1, (%rax) {%k1}", False, True),
        ("vmovups (%rax), %zmm1 {%k1} {z}", True, False),
        ("vfmadd231ps (%rdx){1to16}, %zmm4, %zmm1", True, False),
        ("vaddps .LCPI0_0(%rip), %ymm1, %ymm1", True, False),
        ("vaddps %ymm0, %ymm1, %ymm1", False, False),
    ],
)
def test_loads_and_stores(text: str, is_load: bool, is_store: bool) -> None:
    assert (Instruction(text).is_load, Instruction(text).is_store) == (is_load, is_store)
