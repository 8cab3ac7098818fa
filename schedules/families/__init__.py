"""The layer families, one file each, and which one computes a workload."""

from __future__ import annotations

from schedules.families.conv2d import Conv2dFamily
from schedules.families.depthwise_conv2d import DepthwiseConv2dFamily
from schedules.families.gemm import GemmFamily
from schedules.families.pool2d import Pool2dFamily
from schedules.families.rows import RowsFamily
from schedules.family import Family
from tensorlang.errors import TuningError
from tensorlang.nn import Workload

FAMILIES: tuple[Family, ...] = (GemmFamily(), Conv2dFamily(), DepthwiseConv2dFamily(), Pool2dFamily(), RowsFamily())


def find_family(workload: Workload) -> Family:
    """Return the first family that accepts `workload`.

    Raises
    ------
    TuningError
        If none does.
    """
    for family in FAMILIES:
        if family.accepts(workload):
            return family
    raise TuningError(f"no family schedules {workload}.", legal=" | ".join(family.name for family in FAMILIES))
