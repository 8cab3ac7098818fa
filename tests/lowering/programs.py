"""Small algorithms with schedules that exercise one part of lowering each."""

from __future__ import annotations

import tensorlang as tl

Program = tuple[tl.Func, tl.Schedule]


def matmul(size: int = 32) -> Program:
    """Section 3 of the design: a tile of C held in registers, rows in parallel."""
    a = tl.Input("A", (size, size), tl.float32)
    b = tl.Input("B", (size, size), tl.float32)
    i, j = tl.vars("i j")
    k = tl.RDom("k", size)
    c = tl.Func("C")
    c[i, j] += a[i, k] * b[k, j]
    s = tl.Schedule(c)
    s[c.update()].tile(i, j, "io", "jo", "ii", "ji", 2, 16).reorder("io", "jo", k, "ii", "ji")
    s[c.update()].vectorize("ji", 8).unroll("ji").unroll("ii").parallel("io")
    return c, s


def blur(tail: str = "auto") -> Program:
    """Two stages, the first computed per tile of the second; 30 columns in tiles of 8."""
    x = tl.Input("x", (20, 32), tl.float32)
    i, j = tl.vars("i j")
    rows, out = tl.Func("rows"), tl.Func("out")
    rows[i, j] = x[i, j] + x[i, j + 1] + x[i, j + 2]
    out[i, j] = rows[i, j] + rows[i + 1, j] + rows[i + 2, j]
    s = tl.Schedule(out)
    s[out].split("j", "jo", "ji", 8, tail).reorder("jo", "i", "ji").vectorize("ji")
    s[rows].compute_at(out, "jo").vectorize("j", 8)
    return out, s


def guarded_sum() -> Program:
    """An RVar of extent 10 split by 4: the guard leaves the steady state."""
    x = tl.Input("x", (4, 10), tl.float32)
    i = tl.Var("i")
    k = tl.RDom("k", 10)
    f = tl.Func("f")
    f[i] += x[i, k]
    s = tl.Schedule(f)
    s[f.update()].split(k, "ko", "ki", 4).unroll("ki")
    return f, s


def padded_rows() -> Program:
    """A boundary condition: zeros before and after, a plain copy in between."""
    x = tl.Input("x", (6, 16), tl.float32)
    padded = tl.constant_exterior(x, 0.0, (1, 0), name="padded")
    i, j = tl.vars("i j")
    out = tl.Func("out")
    out[i, j] = padded[i, j] + padded[i + 1, j] + padded[i + 2, j]
    s = tl.Schedule(out)
    s[padded].compute_root().vectorize(padded.vars[1], 16)
    s[out].vectorize(j, 16)
    return out, s


def packed_weights() -> Program:
    """Weights packed into panels of 8 at initialisation, 12 columns, the last panel padded."""
    x = tl.Input("x", (4, 16), tl.float32)
    w = tl.Input("w", (16, 12), tl.float32, constant=True)
    i, j = tl.vars("i j")
    k = tl.RDom("k", 16)
    acc, out = tl.Func("acc"), tl.Func("out")
    acc[i, j] += x[i, k] * w[k, j]
    out[i, j] = tl.max(acc[i, j], 0.0)
    s = tl.Schedule(out)
    s.in_(w, acc, "packed").split_storage("j", "jo", "ji", 8).reorder_storage("jo", "k", "ji").compute_at_init()
    s[out].split(j, "jo", "ji", 8, "guard_with_if").reorder("jo", "i", "ji").vectorize("ji")
    s[acc].compute_at(out, "i").store_in("register").split("j", "jt", "j", 8, "round_up").vectorize("j")
    s[acc.update()].split("j", "jt", "j", 8, "round_up").reorder("k", "j").vectorize("j")
    return out, s


def column_argmax() -> Program:
    """The largest element of each column and its row: both elements of a tuple in registers, stored at once."""
    x = tl.Input("x", (12, 32), tl.float32)
    j, k = tl.Var("j"), tl.RDom("k", 12)
    best, out = tl.Func("best", (tl.int64, tl.float32)), tl.Func("out")
    best[j] = (-1, -1.0e30)
    best[j] = tl.select(x[k, j] > best[j][1], (k, x[k, j]), best[j])
    best[j][0] += 1
    out[j] = best[j][0]
    s = tl.Schedule(out)
    s[best].compute_root().vectorize("j", 16)
    s[best.update()].split("j", "jo", "ji", 16).reorder("jo", "k", "ji").vectorize("ji")
    s[best.update(1)].vectorize("j", 16)
    s[out].vectorize("j", 16)
    return out, s


def triangular_sum() -> Program:
    """The sum of a lower triangle, by rows."""
    x, triangle = tl.Input("x", (64, 64), tl.float32), tl.RDom("r c", 64, 64)
    r, c = triangle
    triangle.where(c <= r)
    f = tl.Func("f")
    f[()] += x[r, c]
    return f, tl.Schedule(f)


def triangular_product() -> Program:
    """A lower triangular matrix of 19 rows times a matrix: tiles of 2 x 16 in registers, the last row on its own."""
    a, b = tl.Input("a", (19, 19), tl.float32), tl.Input("b", (19, 32), tl.float32)
    k, c, (i, j) = tl.RDom("k", 19), tl.Func("c"), tl.vars("i j")
    k.where(k <= i)
    c[i, j] += a[i, k] * b[k, j]
    s = tl.Schedule(c)
    s[c.update()].tile("i", "j", "io", "jo", "ii", "ji", 2, 16).reorder("io", "jo", "k", "ii", "ji")
    s[c.update()].vectorize("ji", 8).unroll("ji").unroll("ii")
    return c, s
