"""A layer: the algorithm of a workload, with the names that schedules refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.nn.workload import Workload


@dataclass(frozen=True, eq=False)
class Layer:
    """What a workload computes, without a schedule.

    Attributes
    ----------
    workload : Workload
        Operation and shape.
    output : Func
        The Func to compile; it is called ``"out"``.
    inputs : tuple of Input
        Arguments of the kernel, in order: data, weights, then bias and residual if there are.
    shape : tuple of int
        Shape of the output.
    stages : mapping of str to Func
        Every Func by name, producers first.
    """

    workload: Workload
    output: Func
    inputs: tuple[Input, ...]
    shape: tuple[int, ...]
    stages: Mapping[str, Func]

    def algorithm(self) -> Algorithm:
        """The algorithm as data."""
        return build_algorithm(self.output, self.inputs)
