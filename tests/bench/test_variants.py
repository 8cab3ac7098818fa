"""Of several ways to compute a layer the fastest one is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import sleep

import numpy as np
import pytest

from autotune.bench.case import empty_aligned
from autotune.bench.peers.variants import Variant, keep_fastest


def _variant(name: str, call: Callable[[], object]) -> Variant:
    return Variant(name, call, lambda: np.array([len(name)]))


def test_the_fastest_is_kept_and_all_are_reported() -> None:
    rests: list[float] = []
    variants = [_variant("slow", lambda: sleep(0.004)), _variant("quick", lambda: sleep(0.002))]
    layer = keep_fastest(variants, "a library", rests.append)
    assert layer.call is variants[1].call
    assert layer.answer() == [5]
    assert layer.detail.startswith("a library, quick (probed: slow 4")
    assert len(rests) == 6


def test_a_hopeless_one_is_called_once_and_reported() -> None:
    calls: list[str] = []

    def crawl() -> None:
        calls.append("crawl")
        sleep(1.1)

    layer = keep_fastest([_variant("hopeless", crawl), _variant("quick", lambda: None)], "a library", lambda _: None)
    assert calls == ["crawl"]
    assert re.match(r"a library, quick \(probed: hopeless [\d.]+e\+03 ms, quick ", layer.detail)


def test_a_single_one_is_not_timed() -> None:
    def call() -> None:
        raise AssertionError

    layer = keep_fastest([_variant("only", call)], "a library")
    assert layer.call is call
    assert layer.detail == "a library, only"


@pytest.mark.parametrize("alignment", [64, 128, 4096])
def test_aligned_arrays(alignment: int) -> None:
    for shape in ((3, 5), (1,), (17, 2, 3)):
        array = empty_aligned(shape, alignment=alignment)
        assert array.ctypes.data % alignment == 0
        assert array.shape == shape
        assert array.dtype == np.float32
        array[...] = 1
