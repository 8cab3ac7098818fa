"""One schedule of the blur, the image it is computed on, and what must come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autotune.bench.case import Array

_SEED = 20_260_101
# Sums of three of these fit 16 bits.
_BRIGHTEST = 1 << 14


@dataclass(frozen=True, slots=True)
class BlurCase:
    """A schedule by name, for an image and a vector width.

    Attributes
    ----------
    schedule : str
    height, width : int
        Of the image; the result is two rows and two columns smaller [pixels].
    lanes : int
        Of the vectors that the schedule asks for, if it does [lanes].
    """

    schedule: str
    height: int
    width: int
    lanes: int

    def to_data(self) -> dict[str, Any]:
        """The case for a message."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> BlurCase:
        """The inverse of `to_data`."""
        return cls(str(data["schedule"]), int(data["height"]), int(data["width"]), int(data["lanes"]))


def make_image(case: BlurCase) -> Array:
    """The image to blur, the same in every process."""
    pixels = np.random.default_rng(_SEED).integers(0, _BRIGHTEST, (case.height, case.width))
    return pixels.astype(np.uint16)


def expected_blur(image: Array) -> Array:
    """The blur of `image` by NumPy."""
    across = (image[:, :-2] + image[:, 1:-1] + image[:, 2:]) // 3
    return np.asarray((across[:-2] + across[1:-1] + across[2:]) // 3, np.uint16)
