"""What the target tells: instruction sets from features, lanes, caches."""

from __future__ import annotations

import pytest

from tensorlang.codegen.isa import CPU_FEATURES, select_isa
from tensorlang.codegen.target import _parse_size, apply_features, host_target
from tensorlang.dtypes import bool_, float16, float32, float64, int8


@pytest.mark.parametrize(
    ("cpu", "name", "bits", "registers"),
    [
        ("znver4", "avx512", 512, 32),
        ("skylake-avx512", "avx512", 512, 32),
        ("haswell", "avx2", 256, 16),
        ("sandybridge", "avx", 256, 16),
        ("nehalem", "sse4", 128, 16),
        ("x86-64", "generic", 128, 16),
    ],
)
def test_instruction_set_of_known_processors(cpu: str, name: str, bits: int, registers: int) -> None:
    isa = select_isa(CPU_FEATURES[cpu])
    assert (isa.name, isa.vector_bits, isa.vector_registers) == (name, bits, registers)


def test_arm_has_128_bits() -> None:
    assert select_isa(frozenset({"neon"})).name == "neon"


def test_features_are_added_and_taken_away_in_order() -> None:
    assert apply_features(frozenset({"avx2"}), "+fma, -avx2,f16c,-x,+avx2") == {"avx2", "fma", "f16c"}
    assert apply_features(frozenset({"avx2"}), "") == {"avx2"}


def test_host() -> None:
    target = host_target()
    assert target is host_target()
    assert target.lanes(float32) == target.vector_bits // 32
    assert target.lanes(float64) == target.vector_bits // 64
    assert target.lanes(float16) == target.vector_bits // 16
    assert target.lanes(int8) == target.lanes(bool_) == target.vector_bits // 8
    assert 4 << 10 <= target.l1d_bytes <= target.l2_bytes
    assert target.cores >= 1 and target.cpu_name


@pytest.mark.parametrize(("text", "size_bytes"), [("32K", 32768), ("1M", 1 << 20), ("4096", 4096), ("2G", 2 << 30)])
def test_sizes_of_caches(text: str, size_bytes: int) -> None:
    assert _parse_size(text) == size_bytes
