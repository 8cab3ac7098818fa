"""Register tiles: right results, and machine code that keeps them there and only loads and multiplies."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tensorlang.codegen.target import host_target
from tensorlang.ir.module import Module
from tensorlang.ir.stmt import LoopKind
from tensorlang.runtime import compile_module
from tests.codegen.nests import gemm, gemm_arrays

ROOT = Path(__file__).parents[2]
NEEDS_AVX512 = pytest.mark.skipif(host_target().name != "avx512", reason="needs AVX-512")

AVX2_CHILD = """
import json, sys
from tensorlang.codegen.target import host_target
from tensorlang.ir.module import Module
from tensorlang.runtime import compile_module
from tests.codegen.nests import gemm, gemm_arrays

kernel = compile_module(Module(gemm(12, 32, 40, 6, 2, {lanes})), cache=False)
a, b, expected = gemm_arrays(12, 32, 40, 2 * {lanes})
target = host_target()
print(json.dumps(dict(name=target.name, bits=target.vector_bits, has_fma=target.has_fma,
                      right=bool((kernel(a, b) == expected).all()), asm=kernel.asm())))
"""


@pytest.mark.parametrize(("rows", "vectors", "lanes"), [(14, 2, 16), (6, 2, 8), (4, 1, 4), (3, 2, 1), (5, 3, 32)])
@pytest.mark.parametrize("kind", [LoopKind.SERIAL, LoopKind.PARALLEL])
def test_tile_of_any_size_is_right(rows: int, vectors: int, lanes: int, kind: LoopKind) -> None:
    width = vectors * lanes
    m, n, k = 2 * rows, 3 * width, 9
    kernel = compile_module(Module(gemm(m, n, k, rows, vectors, lanes, kind)), cache=False)
    a, b, expected = gemm_arrays(m, n, k, width)
    np.testing.assert_array_equal(kernel(a, b), expected)


def innermost_loop(asm: str) -> list[str]:
    """Instructions of the loop with the most multiply-adds: from its label to the jump back."""
    loops = re.findall(r"^(\.LBB\d+_\d+):\n((?:\t.*\n)*?)\tj\w+\t\1$", asm, re.MULTILINE)
    body = max((text for _, text in loops), key=lambda text: text.count("vfmadd"))
    return [line.split()[0] for line in body.splitlines() if not line.strip().startswith(".")]


@NEEDS_AVX512
def test_wide_tile_is_loads_broadcasts_and_multiply_adds() -> None:
    asm = compile_module(Module(gemm(28, 64, 256, 14, 2, 16)), cache=False).asm()
    counts: dict[str, int] = {}
    for name in innermost_loop(asm):
        counts[name] = counts.get(name, 0) + 1
    multiply_adds = sum(count for name, count in counts.items() if name.startswith("vfmadd"))
    assert (multiply_adds, counts["vmovups"], counts["vbroadcastss"]) == (28, 2, 14)
    assert sum(counts.values()) <= 28 + 2 + 14 + 2
    assert not re.search(r"zmm.*\(%rsp\)|\(%rsp\).*zmm", asm)


def run_child(lanes: int, cpu_name: str, features: str) -> dict[str, object]:
    """Compile and run a tile in a process that is told it has another CPU."""
    environment = {**os.environ, "NUMBA_CPU_NAME": cpu_name, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", AVX2_CHILD.format(lanes=lanes)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


@pytest.mark.skipif(not {"avx2", "fma"} <= host_target().features, reason="needs AVX2")
def test_avx2_target_uses_256_bits_and_no_more() -> None:
    result = run_child(8, "haswell", "+avx2,+fma,+f16c,-avx512f")
    assert (result["name"], result["bits"], result["right"]) == ("avx2", 256, True)
    asm = str(result["asm"])
    assert "ymm" in asm and "zmm" not in asm
    assert innermost_loop(asm).count("vbroadcastss") == 6


@pytest.mark.skipif("sse2" not in host_target().features, reason="needs x86-64")
def test_a_target_without_wide_vectors_or_fma_still_compiles_wide_vectors() -> None:
    result = run_child(16, "x86-64", "+sse2")
    assert (result["name"], result["has_fma"], result["right"]) == ("generic", False, True)
    assert "vfmadd" not in str(result["asm"])
