"""Counts of the hot loop in small assembly texts, and which loop is taken for hot."""

from __future__ import annotations

import pytest

from tensorlang.inspection.assembly import Instruction
from tensorlang.inspection.hot_loop import HotLoop, find_hot_loop
from tensorlang.inspection.latency import carried_cycles

TEXT = """
kernel:
	vfmadd231ps	%xmm1, %xmm2, %xmm0
.LBB0_1:                                # =>This Inner Loop Header: Depth=1
	vmovups	(%rsi,%rax,4), %zmm4
	vbroadcastss	(%rdi,%rcx), %zmm5
	vfmadd231ps	%zmm4, %zmm5, %zmm0     # vfmadd in a comment
	vfmadd231ps	(%rdx){1to16}, %zmm4, %zmm1
	vfnmadd213ps	64(%rsi), %zmm4, %zmm2
	vfmadd231ss	(%rsi), %xmm4, %xmm2
	vmulps	%zmm2, %zmm2, %zmm9
	vmovaps	%zmm9, %zmm10
	vmovups	%zmm3, 128(%rsp)                # 64-byte Spill
	vmovups	192(%rsp), %zmm3                # 64-byte Reload
	vmovups	256(%rsp), %zmm3
	vmovups	%zmm0, (%r8) {%k1}
	vmovups	(%r9), %zmm6 {%k2} {z}
	vgatherdps	(%r10,%zmm7,4), %zmm8 {%k3}
	vinsertps	$16, (%r9), %xmm6, %xmm6
	callq	*%rax
	jne	.LBB0_1
# %bb.2:
	retq
"""

HOT = HotLoop(
    depth=1,
    instructions=17,
    vector_instructions=15,
    fmas=3,
    scalar_fmas=1,
    arithmetic=1,
    accumulators=3,
    carried_cycles=8.0,
    loads=10,
    stores=2,
    loaded_bytes=6 * 64 + 4 * 4,
    broadcasts=1,
    embedded_broadcasts=1,
    spills=1,
    reloads=1,
    stack=1,
    gathers=1,
    copies=1,
    inserts=1,
    scatters=0,
    masked=2,
    calls=1,
    vector_registers=11,
    vector_bits=512,
)


def test_everything_in_the_loop_is_counted() -> None:
    assert find_hot_loop(TEXT) == HOT


def loop(label: str, depth: int, body: str, header: str = "") -> str:
    remark = f"in Loop: Header={header} Depth={depth}" if header else f"=>This Inner Loop Header: Depth={depth}"
    return f".L{label}:   # {remark}\n{body}\tjne\t.L{label}\n"


FMA = "\tvfmadd231{} (%rsi), %{}1, %{}2\n"
WIDE, NARROW, SCALAR = FMA.format("ps", "zmm", "zmm"), FMA.format("ps", "xmm", "xmm"), FMA.format("ss", "xmm", "xmm")


def test_a_deeper_loop_is_hotter_than_longer_code_outside_of_it() -> None:
    text = "f:\n" + 6 * WIDE + loop("BB0_1", 1, 7 * WIDE) + loop("BB0_2", 2, WIDE)
    assert (find_hot_loop(text).depth, find_hot_loop(text).fmas) == (2, 1)
    assert find_hot_loop(text.replace(WIDE, 9 * WIDE, 1)).depth == 2


def test_code_outside_of_loops_is_taken_where_no_loop_computes() -> None:
    assert (find_hot_loop("f:\n" + WIDE + loop("BB0_1", 1, "\tnop\n")).fmas) == 1


def test_wide_multiply_adds_are_hotter_than_as_many_narrow_or_scalar_ones() -> None:
    text = "f:\n" + loop("BB0_1", 1, 3 * SCALAR) + loop("BB0_2", 1, 3 * NARROW) + loop("BB0_3", 1, WIDE)
    assert find_hot_loop(text).vector_bits == 512


def test_of_steady_state_and_masked_tail_the_steady_state_is_taken() -> None:
    masked = WIDE.replace("%zmm2\n", "%zmm2 {%k1}\n")
    assert find_hot_loop("f:\n" + loop("BB0_1", 1, masked) + loop("BB0_2", 1, WIDE)).masked == 0


def test_all_blocks_of_a_loop_are_counted() -> None:
    text = "f:\n" + loop("BB0_1", 1, WIDE) + loop("BB0_2", 1, WIDE, header="BB0_1")
    assert find_hot_loop(text).fmas == 2


def test_without_multiply_adds_the_loop_with_the_most_vector_instructions_is_counted() -> None:
    text = "f:\n\tnop\n\tnop\n\tnop\n" + loop("BB0_1", 1, "\tvaddps %ymm0, %ymm1, %ymm2\n")
    found = find_hot_loop(text)
    assert (found.instructions, found.arithmetic, found.fmas, found.lanes) == (2, 1, 0, 8)


def test_a_text_without_code() -> None:
    assert find_hot_loop("") == HotLoop(*([0] * 24))


@pytest.mark.parametrize(
    ("line", "loaded_bytes"),
    [
        ("vmovups (%rax), %ymm1", 32),
        ("vmovdqu64 (%rax), %zmm1", 64),
        ("vmovss (%rax), %xmm1", 4),
        ("vmovsd (%rax), %xmm1", 8),
        ("vbroadcastsd (%rax), %zmm1", 8),
        ("vpbroadcastw (%rax), %zmm1", 2),
        ("vpmaxsd (%rax), %zmm1, %zmm2", 64),
        ("vpminsd (%rax){1to16}, %zmm1, %zmm2", 4),
        ("vmovd (%rax), %xmm1", 4),
    ],
)
def test_bytes_of_a_load(line: str, loaded_bytes: int) -> None:
    assert find_hot_loop(f"f:\n\t{line}\n\tretq\n").loaded_bytes == loaded_bytes


def carried(*lines: str) -> float:
    return carried_cycles([Instruction(line) for line in lines])


def test_chains_between_passes() -> None:
    multiply_add = "vfmadd231ps %ymm1, %ymm2, %ymm3"
    assert carried(multiply_add) == 4
    assert carried(multiply_add, "vfmadd231ps %ymm1, %ymm2, %ymm4") == 4
    assert carried(multiply_add, multiply_add, multiply_add) == 12
    assert carried("vmovups (%rax), %ymm3", multiply_add) == 0
    assert carried("vxorps %xmm3, %xmm3, %xmm3", multiply_add) == 0
    assert carried("vaddps %ymm3, %ymm2, %ymm5", "vmovaps %ymm5, %ymm3") == 5
    assert carried("vcmpltps %zmm3, %zmm2, %k1", "vmovups %zmm3, (%rax)") == 0
    assert carried("vdivps %ymm3, %ymm2, %ymm3") == 13
    assert carried("vmovups (%rax), %zmm3 {%k1}") == 1
    assert carried("vmovups (%rax), %zmm3 {%k1} {z}") == 0


@pytest.mark.parametrize(("entry", "stack"), [("", 1), ("\tmovq\t%rsp, %rbp\n", 2)])
def test_the_frame_pointer_is_one_only_where_a_function_has_a_frame(entry: str, stack: int) -> None:
    body = WIDE.replace("(%rsi)", "16(%rbp)") + WIDE.replace("(%rsi)", "64(%rsp,%rax,4)")
    other = "g:\n\tmovq\t%rsp, %rbp\n\tretq\n"
    assert find_hot_loop("f:\n" + entry + loop("BB0_1", 1, body) + other).stack == stack
