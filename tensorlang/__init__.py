"""tensorlang: what is computed, and how, kept apart. See README.md for a tour."""

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
from tensorlang.lang.boundary import constant_exterior, mirror_image, mirror_interior, repeat_edge, repeat_image
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, RVar, Var, vars
from tensorlang.lang.functions import (
    abs,
    cast,
    clamp,
    erf,
    exp,
    floor,
    log,
    max,
    min,
    round,
    select,
    sqrt,
    tanh,
)
from tensorlang.lang.reductions import maximum, minimum, product, sum
from tensorlang.schedule.schedule import Schedule
