"""Lesson 1: what to compute. A matrix product as algebra, compiled, called on NumPy arrays, and checked."""

import numpy as np

import tensorlang as tl

# Inputs have a name, a shape and an element type. Shapes are fixed: a kernel is compiled for one shape.
A = tl.Input("A", (64, 48), tl.float32)
B = tl.Input("B", (48, 80), tl.float32)

# A Var is an index of a result; an RDom is a domain to reduce over. Indices are written outermost first, as in NumPy:
# the last one is contiguous in memory. (Halide writes the innermost first.)
i, j = tl.vars("i j")
k = tl.RDom("k", 48)

# A Func is defined on every point of its Vars. This is an update definition: C starts at 0, then for each k it adds.
C = tl.Func("C")
C[i, j] += A[i, k] * B[k, j]

# Nothing is said yet about loops, vectors or threads. The default schedule is the plain loop nest.
print(tl.loop_nest(C))

# The shape of C follows from the shapes of A and B: the largest box at the origin that reads inside them.
matmul = tl.compile(C)

rng = np.random.default_rng(0)
a = rng.standard_normal((64, 48), dtype=np.float32)
b = rng.standard_normal((48, 80), dtype=np.float32)
c = matmul(a, b)
np.testing.assert_allclose(c, a @ b, rtol=1e-5, atol=1e-4)

# `out=` writes into an array of yours; arguments can be given by name.
out = np.empty((64, 80), np.float32)
matmul(A=a, B=b, out=out)
assert np.array_equal(out, c)

# What a mistake looks like: a sentence, what was expected, what to do.
try:
    matmul(a.astype(np.float64), b)
except tl.LanguageError as error:
    print(error)
