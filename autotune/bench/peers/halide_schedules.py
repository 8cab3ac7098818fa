"""Halide's own schedules for CPUs, of its convolution layer and its matrix product, and its autoscheduler Adams2019."""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path
from typing import Any

import halide as hl

from autotune.bench.peers.halide_layers import HalideLayer
from tensorlang.nn import Conv2d, Gemm

# Tile of conv_layer: vectors of output channels by columns, so many as there are accumulators for.
_CONV_TILE_OF_32_REGISTERS, _CONV_TILE_OF_16_REGISTERS = (4, 5), (3, 4)

# The test matrix_multiplication: its tiles, of 3 vectors by so many rows, in tiles of so many rows.
_PRODUCT_VECTORS, _PRODUCT_ROWS, _PRODUCT_TILE_ROWS = 3, 4, 32
PRODUCT_LANES = 8
"""Lanes of a vector as that test writes them, whatever the CPU has."""


def fits_conv_layer(work: Conv2d, target: Any) -> bool:
    """Whether `work` is what the schedule of conv_layer is for: 3x3, dense, and its tiles fill channels and rows."""
    vectors, columns = _conv_tile(target)
    is_dense_3x3 = (work.r, work.s, work.groups, work.stride, work.dilation) == (3, 3, 1, (1, 1), (1, 1))
    return is_dense_3x3 and work.k % (vectors * _lanes(target)) == 0 and work.q >= columns and work.c % 2 == 0


def schedule_conv_layer(layer: HalideLayer, target: Any) -> None:
    """The schedule of ``apps/conv_layer``: register tiles of channels by columns, operands loaded beside them."""
    (vectors, columns), lanes = _conv_tile(target), _lanes(target)
    c, x, y, n = layer.v.values()
    r, out, conv, axis = layer.r, layer.out, layer.total, [hl.Var(f"_{i}") for i in range(4)]
    channels_out, channels_in, columns_out, columns_in = (hl.Var(name) for name in ("co", "ci", "xo", "xi"))
    out.split(c, channels_out, channels_in, vectors * lanes).split(x, columns_out, columns_in, columns)
    out.reorder(channels_in, columns_in, columns_out, y, n, channels_out)
    out.vectorize(channels_in, lanes).unroll(channels_in).unroll(columns_in)
    for loop in (y, n, channels_out):
        out.parallel(loop)
    conv.compute_at(out, columns_out).vectorize(c, lanes).unroll(c).unroll(x).unroll(y)
    sums = conv.update()
    sums.reorder(c, x, y, r.x, r.y, r.z, n)
    sums.vectorize(c, lanes).unroll(c).unroll(x).unroll(y).unroll(r.x, 2)
    weights, image = layer.params["filter"].in_(), layer.params["image"].in_()
    weights.compute_at(conv, r.x).vectorize(axis[0], lanes).unroll(axis[0]).unroll(axis[3])
    image.compute_at(conv, x).unroll(axis[0])


def fits_product(work: Gemm, lanes: int) -> bool:
    """Whether `work` has whole tiles of the matrix product, the last of which may be shifted back over others."""
    return work.n >= _PRODUCT_VECTORS * lanes and work.m >= _PRODUCT_TILE_ROWS


def schedule_product(layer: HalideLayer, lanes: int) -> None:
    """The schedule of ``test/performance/matrix_multiplication``, with vectors of `lanes`."""
    x, y = layer.v.values()
    k, out, product = layer.r.x, layer.out, layer.total
    xi, yi, yii, xy = (hl.Var(name) for name in ("xi", "yi", "yii", "xy"))
    out.tile(x, y, xi, yi, _PRODUCT_VECTORS * lanes, _PRODUCT_TILE_ROWS).fuse(x, y, xy).parallel(xy)
    out.split(yi, yi, yii, _PRODUCT_ROWS).vectorize(xi, lanes).unroll(xi).unroll(yii)
    product.compute_at(out, yi).vectorize(x, lanes).unroll(y)
    product.update().reorder(x, y, k).vectorize(x, lanes).unroll(x).unroll(y).unroll(k, 2)


def find_adams2019() -> Path | None:
    """The library of the autoscheduler, if the wheel of Halide has it."""
    found = [file for file in files("halide") or () if file.name == "libautoschedule_adams2019.so"]
    return Path(str(found[0].locate())) if found else None


def schedule_by_adams2019(layer: HalideLayer, target: Any, threads: int) -> None:
    """What the autoscheduler makes of the layer, its library loaded before."""
    parameters = hl.AutoschedulerParams("Adams2019", {"parallelism": threads})
    hl.Pipeline(layer.out).apply_autoscheduler(target, parameters)


def _conv_tile(target: Any) -> tuple[int, int]:
    has_32_registers = target.has_feature(hl.TargetFeature.AVX512_Skylake) or (
        target.arch == hl.TargetArch.ARM and target.bits == 64
    )
    return _CONV_TILE_OF_32_REGISTERS if has_32_registers else _CONV_TILE_OF_16_REGISTERS


def _lanes(target: Any) -> int:
    return int(target.natural_vector_size(hl.Float(32)))
