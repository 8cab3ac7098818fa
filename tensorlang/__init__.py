"""tensorlang: what is computed, and how, kept apart. See README.md for a tour."""

from tensorlang.codegen.target import Target, host_target
from tensorlang.dtypes import (
    bfloat16,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from tensorlang.errors import (
    BoundsError,
    DatabaseError,
    InternalError,
    LanguageError,
    ScheduleError,
    TargetError,
    TensorlangError,
    TuningError,
)
from tensorlang.inspection import count_operations, explain, loop_nest, lowered_passes, parallelism
from tensorlang.lang.accuracy import max_error_ulp
from tensorlang.lang.boundary import constant_exterior, mirror_image, mirror_interior, repeat_edge, repeat_image
from tensorlang.lang.func import Func
from tensorlang.lang.functions import (
    abs,
    cast,
    clamp,
    cos,
    erf,
    exp,
    floor,
    log,
    max,
    min,
    pow,
    round,
    select,
    sin,
    sqrt,
    tanh,
)
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param
from tensorlang.lang.reductions import argmax, argmin, maximum, minimum, product, sum
from tensorlang.lang.tuples import Tuple
from tensorlang.lang.var import RDom, RVar, Var, vars
from tensorlang.runtime.compile import compile
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.state import State
from tensorlang.schedule.knobs import Knob, knob
from tensorlang.schedule.schedule import Schedule
from tensorlang.schedule.tails import TailStrategy

__all__ = [
    "BoundsError",
    "DatabaseError",
    "Func",
    "Input",
    "InternalError",
    "Kernel",
    "Knob",
    "LanguageError",
    "Param",
    "RDom",
    "RVar",
    "Schedule",
    "ScheduleError",
    "State",
    "TailStrategy",
    "Target",
    "TargetError",
    "TensorlangError",
    "TuningError",
    "Tuple",
    "Var",
    "abs",
    "argmax",
    "argmin",
    "bfloat16",
    "bool_",
    "cast",
    "clamp",
    "compile",
    "constant_exterior",
    "cos",
    "count_operations",
    "erf",
    "exp",
    "explain",
    "float16",
    "float32",
    "float64",
    "floor",
    "host_target",
    "int8",
    "knob",
    "int16",
    "int32",
    "int64",
    "log",
    "loop_nest",
    "lowered_passes",
    "max",
    "max_error_ulp",
    "maximum",
    "min",
    "minimum",
    "mirror_image",
    "mirror_interior",
    "parallelism",
    "pow",
    "product",
    "repeat_edge",
    "repeat_image",
    "round",
    "select",
    "sin",
    "sqrt",
    "sum",
    "tanh",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "vars",
]
