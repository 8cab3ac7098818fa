"""Counts of the hot block in small assembly texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tensorlang.inspection.assembly import HotBlock, find_hot_block

TEXT = """
	.text
	.globl	kernel
kernel:
	pushq	%rbp
	vxorps	%xmm0, %xmm0, %xmm0
	vfmadd231ps	%xmm1, %xmm2, %xmm0
	jmp	.LBB0_2
.LBB0_1:                                # =>This Inner Loop Header: Depth=2
	vmovups	(%rsi,%rax,4), %zmm4
	vbroadcastss	(%rdi,%rcx), %zmm5
	vfmadd231ps	%zmm4, %zmm5, %zmm0     # vfmadd in a comment
	vfmadd231ps	(%rdx){1to16}, %zmm4, %zmm1
	vfnmadd213ps	64(%rsi), %zmm4, %zmm2
	vmovups	%zmm3, 128(%rsp)
	vmovups	192(%rsp), %zmm3
	vmovups	%zmm0, (%r8) {%k1}
	vmovups	(%r9), %zmm6 {%k2} {z}
	vgatherdps	(%r10,%zmm7,4), %zmm8 {%k3}
	addq	$64, %rax
	cmpq	%rax, %rbx
	jne	.LBB0_1
	vzeroupper
.LBB0_2:
	popq	%rbp
	retq
"""

HOT = HotBlock(
    instructions=13,
    vector_instructions=10,
    fmas=3,
    loads=7,
    broadcasts=2,
    spills=2,
    gathers=1,
    masked=3,
    vector_registers=9,
    vector_bits=512,
)


def test_the_block_with_the_most_multiply_adds_is_counted() -> None:
    assert find_hot_block(TEXT) == HOT


def test_a_block_ends_at_a_jump_and_at_a_label() -> None:
    assert find_hot_block(TEXT.replace("\tjne\t.LBB0_1\n", "")) == replace(HOT, instructions=13)
    assert find_hot_block(TEXT.replace("\tjne\t.LBB0_1\n\tvzeroupper\n.LBB0_2:\n", "")).instructions == 14


@pytest.mark.parametrize(
    ("line", "loads", "masked"),
    [
        ("vmovups (%rax), %ymm1", 1, 0),
        ("vmovups %ymm1, (%rax)", 0, 0),
        ("vmovups %ymm1, 32(%rax,%rcx,8)", 0, 0),
        ("vmovups %zmm1, (%rax) {%k1}", 0, 1),
        ("vmovups (%rax), %zmm1 {%k1} {z}", 1, 1),
        ("vmaskmovps (%rax), %ymm2, %ymm1", 1, 1),
        ("vmaskmovps %ymm1, %ymm2, (%rax)", 0, 1),
        ("vscatterdps %zmm1, (%rax,%zmm2,4) {%k1}", 0, 1),
        ("vaddps .LCPI0_0(%rip), %ymm1, %ymm1", 1, 0),
        ("movq (%rax), %rcx", 0, 0),
    ],
)
def test_loads_and_masks(line: str, loads: int, masked: int) -> None:
    block = find_hot_block(f"f:\n\t{line}\n\tretq\n")
    assert (block.loads, block.masked) == (loads, masked)


@pytest.mark.parametrize(("register", "bits"), [("xmm", 128), ("ymm", 256), ("zmm", 512)])
def test_the_widest_register_is_named(register: str, bits: int) -> None:
    text = f"f:\n\tvaddss %xmm1, %xmm2, %xmm3\n\tvfmadd231ps %{register}1, %{register}2, %{register}31\n\tretq\n"
    block = find_hot_block(text)
    assert (block.vector_bits, block.vector_registers) == (bits, 4)


def test_without_multiply_adds_the_block_with_the_most_vector_instructions_is_counted() -> None:
    text = "f:\n\tmovq %rax, %rcx\n\tmovq %rax, %rdi\n\tnop\n.L1:\n\tvaddps %ymm0, %ymm1, %ymm2\n\tjne .L1\n\tretq\n"
    block = find_hot_block(text)
    assert (block.instructions, block.vector_instructions, block.fmas) == (2, 1, 0)


def test_a_text_without_vector_code() -> None:
    assert find_hot_block("") == HotBlock(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
