"""Lesson 6: reductions inside expressions, and their types. A softmax, and a product of int8 matrices."""

import numpy as np

import tensorlang as tl

# An inline reduction runs over the RDom in its operand. It stands for a Func of its own over the remaining indices;
# name= names it, so that a schedule can find it. Without name= it is called after its first reader: `softmax_sum`.
x = tl.Input("x", (64, 100), tl.float32)
i, j = tl.vars("i j")
k = tl.RDom("k", 100)
largest = tl.Func("largest")
largest[i] = tl.maximum(x[i, k], name="row_maximum")
e = tl.Func("e")
e[i, j] = tl.exp(x[i, j] - largest[i])
softmax = tl.Func("softmax")
softmax[i, j] = e[i, j] / tl.sum(e[i, k])

# Its stages are scheduled like any other: s["row_maximum", 1] is the update that takes the maximum. Row by row:
s = tl.Schedule(softmax)
s[softmax].vectorize("j", 4).parallel("i")
s["row_maximum"].compute_at(softmax, "i")
s[e].compute_at(softmax, "i").vectorize("j", 4)
s["softmax_sum"].compute_at(softmax, "i")
print(tl.loop_nest(softmax, s, shape=(64, 100)))

rows = np.random.default_rng(0).standard_normal((64, 100), dtype=np.float32)
exps = np.exp(rows - rows.max(axis=1, keepdims=True))
result = tl.compile(softmax, s, shape=(64, 100))(rows)
np.testing.assert_allclose(result, exps / exps.sum(axis=1, keepdims=True), rtol=1e-5)

# Types are those of NumPy: int8 times int8 is int8 and wraps. A product of int8 matrices is exact in int32 if the
# operands are cast before they are multiplied; the kernel reads int8 and widens in registers.
a = tl.Input("a", (32, 64), tl.int8)
b = tl.Input("b", (64, 48), tl.int8)
r = tl.RDom("r", 64)
product = tl.Func("product")
product[i, j] += tl.cast(tl.int32, a[i, r]) * tl.cast(tl.int32, b[r, j])
assert product.type is tl.int32

s = tl.Schedule(product)
s[product.update()].reorder("i", r, "j").vectorize("j", 16)
numbers = np.random.default_rng(1)
left = numbers.integers(-128, 128, (32, 64), dtype=np.int8)
right = numbers.integers(-128, 128, (64, 48), dtype=np.int8)
assert np.array_equal(tl.compile(product, s)(left, right), left.astype(np.int32) @ right.astype(np.int32))

# tl.sum widens integers to int64 by itself, as np.sum; dtype= chooses another type for the sum, not for the product.
total = tl.Func("total")
total[i] = tl.sum(a[i, r], dtype=tl.int32)
assert np.array_equal(tl.compile(total)(left), left.sum(axis=1))
