"""Boundary conditions against ``np.pad``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import BoundsError
from tensorlang.lang.build import build_algorithm
from tensorlang.reference import evaluate

X = tl.Input("x", (3, 5), tl.int32)
DATA = np.arange(15, dtype=np.int32).reshape(3, 5) + 1

MODES: dict[str, Callable[..., tl.Func]] = {
    "edge": tl.repeat_edge,
    "wrap": tl.repeat_image,
    "symmetric": tl.mirror_image,
    "reflect": tl.mirror_interior,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pad", [(1, 2), (7, 0), (0, 11)])
def test_modes_are_those_of_numpy(mode: str, pad: tuple[int, int]) -> None:
    wanted = np.pad(DATA, [(p, p) for p in pad], mode=mode)  # type: ignore[call-overload]
    got = evaluate(build_algorithm(MODES[mode](X, pad, name="out")), {"out": wanted.shape}, {"x": DATA})["out"]
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("mode", MODES)
def test_modes_compile(mode: str) -> None:
    wanted = np.pad(DATA, [(2, 2), (9, 9)], mode=mode)  # type: ignore[call-overload]
    got = tl.compile(MODES[mode](X, (2, 9), name="out"), shape=wanted.shape)(DATA)
    np.testing.assert_array_equal(got, wanted)


def test_mirror_interior_of_one_element() -> None:
    one = tl.Input("x", (1,), tl.int32)
    got = evaluate(build_algorithm(tl.mirror_interior(one, 2, name="out")), {"out": (5,)}, {"x": DATA[0, :1]})["out"]
    np.testing.assert_array_equal(got, [1] * 5)


def test_constant_exterior() -> None:
    padded = tl.constant_exterior(X, -1, (2, 1), name="out", vars="h w")
    assert padded.vars == ("h", "w")
    wanted = np.pad(DATA, [(2, 2), (1, 1)], constant_values=-1)
    got = evaluate(build_algorithm(padded), {"out": wanted.shape}, {"x": DATA})["out"]
    np.testing.assert_array_equal(got, wanted)


def test_without_pad_nothing_moves_and_everything_is_extended() -> None:
    padded = tl.constant_exterior(X, 0)
    assert (padded.name, padded.vars) == ("x_padded", ("d0", "d1"))
    got = evaluate(build_algorithm(padded), {"x_padded": (4, 6)}, {"x": DATA})["x_padded"]
    np.testing.assert_array_equal(got, np.pad(DATA, [(0, 1), (0, 1)]))


def test_dimension_of_pad_zero_is_not_extended() -> None:
    padded = tl.constant_exterior(X, 0, (0, None), name="out")
    algorithm = build_algorithm(padded)
    assert evaluate(algorithm, {"out": (3, 9)}, {"x": DATA})["out"].shape == (3, 9)
    with pytest.raises(BoundsError, match=r"dimension 0 of x is read over \[0, 4\), outside \[0, 3\)"):
        evaluate(algorithm, {"out": (4, 9)}, {"x": DATA})


def test_all_pads_zero_copies() -> None:
    got = evaluate(build_algorithm(tl.constant_exterior(X, 0, 0, name="out")), {"out": (3, 5)}, {"x": DATA})["out"]
    np.testing.assert_array_equal(got, DATA)


def test_func_within_bounds() -> None:
    i, ramp = tl.Var("i"), tl.Func("ramp")
    ramp[i] = i
    padded = tl.constant_exterior(ramp, 99, bounds=[(2, 3)])
    assert padded.vars == ("i",)
    got = evaluate(build_algorithm(padded), {"ramp_padded": (7,)}, {})["ramp_padded"]
    np.testing.assert_array_equal(got, [99, 99, 2, 3, 4, 99, 99])


def test_storage_types_pass_through() -> None:
    half = tl.Input("x", (2,), tl.bfloat16)
    bits = np.array([0x3F80, 0x4000], np.uint16)
    got = evaluate(build_algorithm(tl.constant_exterior(half, 3.0, 1, name="out")), {"out": (4,)}, {"x": bits})["out"]
    np.testing.assert_array_equal(got, np.array([0x4040, 0x3F80, 0x4000, 0x4040], np.uint16))
