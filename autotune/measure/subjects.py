"""What is measured, as text: a layer's workload, or any program, which the child compiles schedules of."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass

from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.recursion import deep_recursion
from tensorlang.nn import build, workload_from_json
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.runtime.kernel import Kernel
from tensorlang.schedule import Schedule

_PROGRAM = "program"


@dataclass(frozen=True)
class Subject:
    """An algorithm of known shapes.

    Attributes
    ----------
    algorithm : Algorithm
    shapes : mapping of str to tuple of int
        Of the outputs.
    """

    algorithm: Algorithm
    shapes: Mapping[str, tuple[int, ...]]

    def compile(self, schedule: str) -> Kernel:
        """Compile it under a schedule given as JSON; raises as `tensorlang.compile` and `Schedule.from_json`."""
        bound = Schedule.from_json(schedule, output=self.algorithm)
        return compile_kernel(self.algorithm, bound, shape=self.shapes)

    def to_json(self) -> str:
        """The subject as text, for a process that trusts this one: the algorithm is pickled."""
        with deep_recursion():
            pickled = pickle.dumps(self.algorithm, protocol=5)
        return json.dumps({_PROGRAM: base64.b64encode(pickled).decode("ascii"), "shapes": dict(self.shapes)})


def subject_of(text: str) -> Subject:
    """The subject that `Subject.to_json` wrote, or the layer of a workload's JSON; of a trusted parent only."""
    data = json.loads(text)
    if _PROGRAM in data:
        with deep_recursion():
            algorithm = pickle.loads(base64.b64decode(data[_PROGRAM]))
        return Subject(algorithm, {name: tuple(shape) for name, shape in data["shapes"].items()})
    layer = build(workload_from_json(text))
    return Subject(layer.algorithm(), {layer.output.name: layer.shape})
