"""Algorithm hashes: what they tell apart, and what they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tensorlang import nn
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.param import Param
from tensorlang.lang.var import Var
from tensorlang.validation import algorithm_hash, sized_algorithm_hash

_ROOT = Path(__file__).parents[2]


def _gemm(**changes: int | bool | str | tuple[float, float]) -> nn.Layer:
    return nn.build(nn.Gemm(**({"m": 4, "n": 5, "k": 6} | changes)))  # type: ignore[arg-type]


def test_extents_are_left_out() -> None:
    small, large = _gemm().algorithm(), _gemm(m=40, n=50, k=60).algorithm()
    assert algorithm_hash(small) == algorithm_hash(large)
    assert sized_algorithm_hash(small) != sized_algorithm_hash(large)


def test_types_epilogues_and_operations_are_told_apart() -> None:
    conv = nn.build(nn.Conv2d(1, 8, 8, 4, 4, 1, 1)).algorithm()
    gemms = [_gemm(), _gemm(relu=True), _gemm(clip=(0, 6)), _gemm(clip=(0, 1)), _gemm(dtype="float64")]
    algorithms = [conv, *(layer.algorithm() for layer in gemms)]
    assert len({algorithm_hash(algorithm) for algorithm in algorithms}) == len(algorithms)


def test_hash_is_the_same_in_another_process() -> None:
    program = (
        "from tensorlang import nn; from tensorlang.validation import algorithm_hash; "
        "print(algorithm_hash(nn.build(nn.Gemm(4, 5, 6)).algorithm()))"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == algorithm_hash(_gemm().algorithm())


def test_a_params_limits_are_part_of_what_is_computed() -> None:
    def of(param: Param) -> str:
        f = Func("f")
        f[Var("i")] = param
        return algorithm_hash(build_algorithm(f))

    declared = [Param("p", "int32"), Param("p", "int32", min=0), Param("p", "int32", default=0), Param("p", "int64")]
    assert len({of(param) for param in declared}) == 4
    assert of(Param("p", "int32", min=0)) == of(declared[1])


def _pair(*values: int, types: tuple[str, ...] = ("int32", "int32")) -> str:
    i, f = Var("i"), Func("f", types)
    f[i] = values
    return algorithm_hash(build_algorithm(f))


def test_elements_of_tuples_are_told_apart() -> None:
    hashes = [_pair(1, 2), _pair(2, 1), _pair(1, 2, types=("int32", "int64")), _pair(1, 2, 2, types=("int32",) * 3)]
    assert len(set(hashes)) == 4
    assert _pair(1, 2) == hashes[0]


def test_which_element_is_read_is_told_apart() -> None:
    def reads(element: int) -> str:
        i, f, g = Var("i"), Func("f"), Func("g")
        f[i] = (i, i)
        g[i] = f[i][element]
        return algorithm_hash(build_algorithm(g))

    assert reads(0) != reads(1)
