"""2-D pooling as an algorithm; images are NHWC."""

from __future__ import annotations

from tensorlang.dtypes import parse_dtype
from tensorlang.lang.boundary import constant_exterior, repeat_edge
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import cast, clamp
from tensorlang.lang.functions import max as elementwise_max
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, Var
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import Pool2d


def pool2d(workload: Pool2d) -> Layer:
    """Return the maximum or the mean over r, s of ``padded[n, p * stride + r, q * stride + s, k]``.

    The only input is ``x`` (n, h, w, c). Stages are ``padded`` if there is padding, ``pool``, ``out``.

    Notes
    -----
    For a maximum, the padding repeats the edge of the image: a window that reaches into the padding holds the edge
    itself, so that its maximum stays what it is.
    """
    dtype = parse_dtype(workload.dtype)
    x = Input("x", (workload.n, workload.h, workload.w, workload.c), dtype)
    image = _image(workload, x)
    n, p, q, k = indices = Var("n"), Var("p"), Var("q"), Var("k")
    r, s = RDom("r s", workload.r, workload.s)
    down, right = workload.stride
    element = image[n, p * down + r, q * right + s, k]
    pool, out = Func("pool", dtype), Func("out")
    if workload.kind == "max":
        pool[indices] = cast(dtype, dtype.minimum)
        pool[indices] = elementwise_max(pool[indices], element)
        out[indices] = pool[indices]
    else:
        pool[indices] += element
        out[indices] = pool[indices] * _share(workload, p, q)
    stages = [image] if isinstance(image, Func) else []
    shape = (workload.n, workload.p, workload.q, workload.c)
    return Layer(workload, out, (x,), shape, {stage.name: stage for stage in (*stages, pool, out)})


def _image(workload: Pool2d, x: Input) -> Input | Func:
    """What is pooled: the input itself, or ``padded``."""
    if workload.padding == (0, 0):
        return x
    pad = (0, *workload.padding, 0)
    if workload.kind == "max":
        return repeat_edge(x, pad, vars="n h w c", name="padded")
    return constant_exterior(x, 0, pad, vars="n h w c", name="padded")


def _share(workload: Pool2d, p: Var, q: Var) -> Expr | float:
    """One over the number of elements that the mean of window (p, q) is over."""
    if workload.count_padding or workload.padding == (0, 0):
        return 1 / (workload.r * workload.s)
    down, right = workload.stride
    high = _inside(p * down, workload.r, workload.h, workload.padding[0])
    wide = _inside(q * right, workload.s, workload.w, workload.padding[1])
    return 1 / cast(workload.dtype, high * wide)


def _inside(first: Expr, window: int, extent: int, padding: int) -> Expr:
    """How many of `window` places from `first` on lie inside of the image, which begins at `padding`."""
    end = padding + extent
    return clamp(first + window, padding, end) - clamp(first, padding, end)
