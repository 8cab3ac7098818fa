"""Test data for a kernel: small integers, whose sums are exact in any order, or random floats."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tensorlang.dtypes import Kind
from tensorlang.ir.algorithm import Algorithm, InputDef
from tensorlang.ir.scalar import Scalar
from tensorlang.validation.exactness import exact_magnitude, scalar_span


class Values(StrEnum):
    """What the inputs hold."""

    INTEGERS = "small integers"
    FLOATS = "random floats"


def make_inputs(algorithm: Algorithm, values: Values, seed: int) -> dict[str, npt.NDArray[np.generic]]:
    """Return an array for each Input, the same for the same arguments in every process.

    Small integers lie in [-n, n] for the n of `exact_magnitude`, or in [-1, 1] if there is none; random floats in
    [-1, 1). Inputs of integer types are small integers either way, from 0 if they are unsigned. Params are anywhere
    within their limits.
    """
    generator = np.random.default_rng([seed, list(Values).index(values)])
    greatest = exact_magnitude(algorithm) or 1
    return {
        item.name: _make_input(item, values, greatest, generator)
        if item.scalar is None
        else _make_scalar(item, item.scalar, values, greatest, generator)
        for item in algorithm.inputs
    }


def _make_scalar(
    item: InputDef, scalar: Scalar, values: Values, greatest: int, generator: np.random.Generator
) -> npt.NDArray[np.generic]:
    """A number within the limits; on the side without one, no further than other inputs are."""
    if item.type.is_bool:
        least, most = bool(scalar.min), scalar.max is None or bool(scalar.max)
        return np.asarray(generator.integers(least, most, endpoint=True), np.bool_)
    low, high = scalar_span(item, scalar, greatest)
    whole_low, whole_high = math.ceil(low), math.floor(high)
    if item.type.is_integer or (values is Values.INTEGERS and whole_low <= whole_high):
        return np.asarray(generator.integers(whole_low, whole_high, endpoint=True), item.type.numpy)
    return np.asarray(generator.uniform(low, high), item.type.numpy)


def bfloat16_bits(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """The bits of the nearest bfloat16 (ties to even) of finite values."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _make_input(
    item: InputDef, values: Values, greatest: int, generator: np.random.Generator
) -> npt.NDArray[np.generic]:
    if item.type.is_bool:
        return generator.integers(0, 2, item.shape).astype(bool)
    if item.type.is_integer:
        least = 0 if item.type.kind is Kind.UINT else -greatest
        return generator.integers(least, greatest + 1, item.shape).astype(item.type.numpy)
    if values is Values.INTEGERS:
        floats = generator.integers(-greatest, greatest + 1, item.shape).astype(np.float64)
    else:
        floats = generator.uniform(-1, 1, item.shape)
    if item.type.kind is Kind.BFLOAT:
        return bfloat16_bits(floats.astype(np.float32))
    return floats.astype(item.type.numpy)
