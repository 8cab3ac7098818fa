"""Families: defaults are points of their spaces, legal points lower, and the reasoning shows in the choices."""

from __future__ import annotations

import random

import pytest

from schedules import FAMILIES, Family, KnobValue, find_family
from schedules.families.tiles import RegisterTile, balance, collides, skewed, tall_block, up_to, waste
from tensorlang.codegen.target import Target
from tensorlang.errors import TuningError
from tensorlang.lowering import lower
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, Workload, build
from tensorlang.schedule import resolve
from tests.schedules.examples import AVX2, AVX512, WORKLOADS


def _legal_points(workload: Workload, target: Target, count: int) -> list[dict[str, KnobValue]]:
    family, chooser = find_family(workload), random.Random(0)
    space, points = family.space(workload, target, 2), []
    for _ in range(2000):
        point = {knob.name: chooser.choice(knob.choices) for knob in space.knobs}
        if family.is_legal(workload, point, target):
            points.append(point)
        if len(points) == count:
            break
    return points


@pytest.mark.parametrize("target", [AVX512, AVX2], ids=lambda target: target.name)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("workload", WORKLOADS, ids=str)
def test_default_is_a_legal_point_of_the_space(workload: Workload, threads: int, target: Target) -> None:
    family = find_family(workload)
    knobs = family.default(workload, target, threads)
    assert family.space(workload, target, threads).contains(knobs)
    assert family.is_legal(workload, knobs, target)


_SIZES = (1, 2, 3, 5, 7, 8, 14, 16, 17, 28, 33, 56, 64, 100, 112, 225, 512, 1000, 2048)


def _random_workload(chooser: random.Random) -> Workload:
    """A layer of any size, of one of the three families of products and convolutions."""
    m, n, k = (chooser.choice(_SIZES) for _ in range(3))
    window = chooser.choice((1, 3, 5, 7))
    stride, padding = chooser.choice((1, 2)), chooser.choice((0, window // 2))
    height, width, images = m + window, n + window, chooser.choice((1, 2, 8))
    strides, paddings = (stride, stride), (padding, padding)
    match chooser.randrange(3):
        case 0:
            return Gemm(m, n, k, constant_b=chooser.random() < 0.5)
        case 1:
            return Conv2d(images, height, width, k, chooser.choice(_SIZES), window, window, strides, paddings)
    return DepthwiseConv2d(images, height, width, k, window, window, strides, paddings)


def test_defaults_of_all_sizes_are_legal_points_of_their_spaces() -> None:
    chooser = random.Random(5)
    for _ in range(1500):
        workload, target, threads = (
            _random_workload(chooser),
            chooser.choice((AVX512, AVX2)),
            chooser.choice((1, 2, 3, 8, 64)),
        )
        family = find_family(workload)
        knobs = family.default(workload, target, threads)
        assert family.space(workload, target, threads).contains(knobs), (workload, target.name, threads, knobs)
        assert family.is_legal(workload, knobs, target), (workload, target.name, threads, knobs)


@pytest.mark.parametrize("workload", WORKLOADS, ids=str)
def test_legal_points_lower(workload: Workload) -> None:
    family, points = find_family(workload), _legal_points(workload, AVX512, 4)
    assert points
    for knobs in points:
        layer = build(workload)
        schedule = family.schedule(layer, knobs, AVX512, 2)
        module = lower(resolve(layer.algorithm(), schedule), {"out": layer.shape})
        assert (module.prepare is not None) == ("compute_at_init" in schedule.to_json())


@pytest.mark.parametrize("workload", WORKLOADS, ids=str)
def test_one_thread_has_no_parallel_loop(workload: Workload) -> None:
    family, layer = find_family(workload), build(workload)
    knobs = family.default(workload, AVX512, 1)
    assert "parallel" not in family.schedule(layer, knobs, AVX512, 1).source()
    assert ".parallel(" in family.schedule(layer, knobs, AVX512, 2).source()


@pytest.mark.parametrize(
    ("target", "rows", "vectors"), [(AVX512, 6, 4), (AVX2, 6, 2)], ids=lambda value: getattr(value, "name", None)
)
def test_default_tile_fills_the_register_file(target: Target, rows: int, vectors: int) -> None:
    workload = Gemm(840, 1024, 256)
    knobs = find_family(workload).default(workload, target, 2)
    assert (knobs["tile_rows"], knobs["tile_vectors"]) == (rows, vectors)


def test_small_weights_keep_rows_in_cache_and_large_ones_panels() -> None:
    small, large = Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1)), Conv2d(1, 7, 7, 512, 512, 3, 3, padding=(1, 1))
    orders = [find_family(w).default(w, AVX512, 2)["order"] for w in (small, large)]
    assert orders == ["blocks", "panels"]


@pytest.mark.parametrize(
    ("workload", "choices"),
    [
        (Gemm(256, 256, 256, constant_b=False), {"order": "panels", "b": "block", "k_block": 0}),
        (Gemm(8192, 64, 64, constant_b=False), {"order": "rows", "b": "direct"}),
        (Gemm(2048, 2048, 2048, constant_b=False), {"k_block": 512, "row_blocks": 8, "block_panels": 0, "a": "block"}),
        (Gemm(1, 4096, 25088, constant_b=False), {"b": "direct", "k_block": 8, "k_parts": 2}),
        (Gemm(1, 4096, 25088), {"b": "packed", "k_block": 0, "k_parts": 1}),
        (Gemm(4, 16, 4096), {"k_parts": 2}),
    ],
    ids=str,
)
def test_products_are_cut_where_operands_do_not_fit_the_caches(workload: Gemm, choices: dict[str, KnobValue]) -> None:
    assert choices.items() <= find_family(workload).default(workload, AVX512, 2).items()


@pytest.mark.parametrize(
    ("workload", "threads", "choices"),
    [
        # Nine taps stay in registers for all rows of a tile of channels; threads share the tiles, if there are enough.
        (DepthwiseConv2d(1, 56, 56, 128, 3, 3, padding=(1, 1)), 1, {"image": "inline", "order": "channels_outer"}),
        (DepthwiseConv2d(1, 56, 56, 128, 3, 3, padding=(1, 1)), 2, {"row_blocks": 1, "unroll_r": True}),
        (DepthwiseConv2d(1, 112, 112, 32, 3, 3, padding=(1, 1)), 2, {"row_blocks": 2, "unroll_r": True}),
        (DepthwiseConv2d(1, 56, 56, 128, 5, 5, padding=(2, 2)), 1, {"unroll_r": False, "order": "channels_inner"}),
        # Columns 2 KiB apart share few sets of the first-level cache, which a copy helps where it is cheap.
        (DepthwiseConv2d(1, 14, 14, 512, 3, 3, padding=(1, 1)), 1, {"image": "rows", "order": "channels_outer"}),
        (DepthwiseConv2d(1, 14, 14, 512, 3, 3, padding=(1, 1)), 2, {"image": "inline", "order": "channels_inner"}),
        (DepthwiseConv2d(1, 14, 14, 512, 3, 3, (2, 2), (1, 1)), 1, {"image": "inline", "order": "channels_inner"}),
        # One row of output: threads can only share the channels.
        (DepthwiseConv2d(1, 1, 28, 192, 3, 3, padding=(1, 1)), 2, {"image": "inline", "order": "channels_outer"}),
        (DepthwiseConv2d(1, 28, 28, 100, 3, 3), 2, {"image": "rows", "order": "channels_inner"}),
        (DepthwiseConv2d(1, 30, 30, 64, 3, 3), 2, {"image": "direct"}),
    ],
    ids=str,
)
def test_depthwise_images_are_copied_for_a_reason(
    workload: DepthwiseConv2d, threads: int, choices: dict[str, KnobValue]
) -> None:
    assert choices.items() <= find_family(workload).default(workload, AVX512, threads).items()


def test_illegal_points_are_told() -> None:
    workload = Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1))
    family = find_family(workload)
    knobs = family.default(workload, AVX512, 2)
    assert not family.is_legal(workload, {**knobs, "tile_q": 28, "tile_vectors": 4}, AVX512)
    assert not family.is_legal(workload, {**knobs, "order": "rows", "image": "block"}, AVX512)
    assert not family.is_legal(workload, {**knobs, "tile_q": 10, "c_block": 16}, AVX512)


def test_every_family_refuses_the_workloads_of_the_others() -> None:
    workloads: list[tuple[Workload, Family]] = [(w, find_family(w)) for w in WORKLOADS]
    for family in FAMILIES:
        assert all(family.accepts(w) == (owner is family) for w, owner in workloads)
    with pytest.raises(TuningError) as caught:
        find_family(Gemm(1, 2, 3)).default(DepthwiseConv2d(1, 8, 8, 4, 3, 3), AVX512, 1)
    assert str(caught.value) == "the gemm family does not schedule depthwise_conv2d 1x8x8x4, 3x3."


def test_tile_reasoning() -> None:
    assert RegisterTile(14, 2, 16).fits(AVX512) and not RegisterTile(15, 2, 16).fits(AVX512)
    assert RegisterTile(6, 2, 8).fits(AVX2) and not RegisterTile(7, 2, 8).fits(AVX2)
    assert RegisterTile(14, 2, 16).cycles() / 28 < RegisterTile(4, 4, 16).cycles() / 16
    assert up_to(6, (1, 2, 4, 8)) == (1, 2, 4, 6) and up_to(9, (1, 2, 4, 8)) == (1, 2, 4, 8)
    assert waste(7, 4) == pytest.approx(1 / 7)
    assert collides(14, 4096) and not collides(8, 4096) and not collides(14, 2048) and collides(17, 2048)
    assert balance(3, 2) == 0.75
    assert skewed(1024, 4, 16) == 1040 and skewed(100, 4, 16) == 100
    assert tall_block(56, (1, 2, 4), copies=1, threads=2) == 4
    assert tall_block(4, (1, 2, 4), copies=1, threads=4) == 1
    # 7 blocks of 4 would leave one of 2 threads idle for a seventh of the time.
    assert tall_block(28, (1, 2, 4), copies=1, threads=2) == 2
