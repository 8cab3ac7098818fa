"""The machine code of layers by their heuristic defaults, and of the largest tiles, for AVX-512 and AVX2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tensorlang.codegen import host_target
from tests.inspection.family_code import LAYERS, TILES, hot_loops
from tests.inspection.quality_programs import CPUS

pytestmark = pytest.mark.skipif("sse2" not in host_target().features, reason="needs LLVM's code generator for x86-64")
#: A pointer or a counter for each array that moves, a comparison and a jump, in a loop of one step of a reduction.
_MOST_SCALAR_INSTRUCTIONS = 4
#: Two units want four multiply-adds each under way; small maps have no more than seven pixels in a row, and of 16
#: registers, six are left to a depthwise layer beside the pixels that its taps share.
_LEAST_ACCUMULATORS = {"avx512": 7, "avx2": 6}
#: Depthwise layers whose nine taps all stay in registers: the hot loop is that over tiles.
_STRIDES_OF_WHOLE_TILES = {("avx512", "depthwise"): 1, ("avx512", "depthwise stride 2"): 2}
_TILE_Q = 7
both_targets = pytest.mark.parametrize("target", CPUS)


def waste(loop: Mapping[str, Any]) -> dict[str, int]:
    """What has no place in a hot loop, as far as there is any."""
    kinds = ("spills", "reloads", "stack", "gathers", "inserts", "scatters", "masked", "calls", "stores", "scalar_fmas")
    return {kind: loop[kind] for kind in kinds if loop[kind]}


@both_targets
@pytest.mark.parametrize("name", list(LAYERS))
def test_a_layer_is_loads_and_multiply_adds(target: str, name: str) -> None:
    loop = hot_loops(target)[name]
    if (target, name) in _STRIDES_OF_WHOLE_TILES:
        assert_is_tile_without_loads_of_taps(loop, _STRIDES_OF_WHOLE_TILES[target, name])
        return
    assert waste(loop) == {}
    assert loop["accumulators"] >= _LEAST_ACCUMULATORS[target]
    assert loop["instructions"] - loop["vector_instructions"] <= _MOST_SCALAR_INSTRUCTIONS
    # Each vector instruction that is no multiply-add loads or broadcasts what several multiply-adds use, or moves on a
    # pixel that the next tap needs.
    others = loop["vector_instructions"] - loop["fmas"] - loop["copies"]
    assert loop["copies"] <= (2 if "depthwise" in name else 0)
    assert others <= loop["loads"] + loop["broadcasts"]
    # Nothing is loaded twice: a load for each row and each vector of a tile, a row of pixels for a depthwise one.
    assert loop["loads"] <= loop["fmas"] + 1


def assert_is_tile_without_loads_of_taps(loop: Mapping[str, Any], stride: int) -> None:
    """Nine multiply-adds for each result but where padding is, a store, and a load for each pixel that a row sees."""
    tiles, rest = divmod(loop["stores"], _TILE_Q)
    assert (tiles > 0, rest) == (True, 0)
    assert waste({**loop, "stores": 0}) == {}
    assert 8.9 * loop["stores"] <= loop["fmas"] <= 9 * loop["stores"]
    assert loop["loads"] <= 3 * tiles * (stride * (_TILE_Q - 1) + 3)
    assert loop["instructions"] - loop["vector_instructions"] <= _MOST_SCALAR_INSTRUCTIONS + 1  # a row of its own


@pytest.mark.parametrize(
    ("target", "rows", "vectors"), [(t, *shape) for t, shapes in TILES.items() for shape in shapes]
)
def test_the_largest_tiles_stay_in_registers(target: str, rows: int, vectors: int) -> None:
    loop = dict(hot_loops(target)[f"{rows}x{vectors}"])
    assert waste(loop) == {}
    assert loop["fmas"] == loop["accumulators"] == rows * vectors
    assert loop["loads"] == rows + vectors
    assert loop["instructions"] - loop["vector_instructions"] <= _MOST_SCALAR_INSTRUCTIONS


@pytest.mark.parametrize(
    ("target", "rows", "vectors"), [(t, *shape) for t, shapes in TILES.items() for shape in shapes]
)
def test_a_broadcast_is_part_of_the_multiply_add_where_one_alone_uses_it(target: str, rows: int, vectors: int) -> None:
    # An operand that two multiply-adds use would be loaded twice; AVX2 has no such operands.
    loop = hot_loops(target)[f"{rows}x{vectors}"]
    is_embedded = target == "avx512" and vectors == 1
    assert (loop["embedded_broadcasts"], loop["broadcasts"]) == ((rows, 0) if is_embedded else (0, rows))


@both_targets
def test_a_store_to_one_array_repeats_no_load_of_another(target: str) -> None:
    loop = hot_loops(target)["apart"]
    assert loop["stores"] % 4 == 0
    # One load of x for four stores; w is in registers.
    assert (4 * loop["loads"], loop["broadcasts"], loop["embedded_broadcasts"]) == (loop["stores"], 0, 0)


@both_targets
def test_prefetches_of_a_packed_panel_are_one_instruction_each(target: str) -> None:
    plain, ahead = (dict(hot_loops(target)[f"panels {distance}"]) for distance in (0, 8))
    assert waste(plain) == {}
    # A step reads two vectors of the panel, of 64 bytes each or of 64 together: no test, and no address of its own.
    lines = 2 if target == "avx512" else 1
    assert ahead == {**plain, "instructions": plain["instructions"] + lines}
