"""Kernels of the families: defaults and random legal points agree with the oracle, with every kind of tail."""

from __future__ import annotations

import random

import pytest

from schedules import KnobValue, find_family
from tensorlang.codegen.target import host_target
from tensorlang.nn import FusedWorkload, Workload, build
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.validation import check_kernel
from tests.schedules.examples import WORKLOADS

_RANDOM_POINTS = 2


def _points(workload: Workload) -> list[dict[str, KnobValue]]:
    """The default, then random legal points, the same in every run."""
    target, chooser, family = host_target(), random.Random(str(workload)), find_family(workload)
    space = family.space(workload, target, 2)
    points = [family.default(workload, target, 2)]
    while len(points) <= _RANDOM_POINTS:
        point = {knob.name: chooser.choice(knob.choices) for knob in space.knobs}
        if family.is_legal(workload, point, target):
            points.append(point)
    return points


@pytest.mark.parametrize("workload", WORKLOADS, ids=str)
def test_kernels_agree_with_the_oracle(workload: Workload) -> None:
    for knobs in _points(workload):
        layer = build(workload)
        schedule = find_family(workload).schedule(layer, knobs, host_target(), 2)
        result = check_kernel(compile_kernel(layer.output, schedule, shape=layer.shape, inputs=layer.inputs))
        assert result.ok, f"{knobs}: {result.reason}"


_NOT_PLAIN = [w for w in WORKLOADS if not isinstance(w, FusedWorkload) or w.residual or w.activation]


@pytest.mark.parametrize("workload", _NOT_PLAIN, ids=str)
def test_defaults_for_one_thread_agree_with_the_oracle(workload: Workload) -> None:
    target, layer, family = host_target(), build(workload), find_family(workload)
    schedule = family.schedule(layer, family.default(workload, target, 1), target, 1)
    kernel = compile_kernel(layer.output, schedule, shape=layer.shape, inputs=layer.inputs)
    result = check_kernel(kernel, threads=1)
    assert result.ok, result.reason
