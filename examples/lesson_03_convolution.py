"""Lesson 3: a direct convolution. Padding, a register tile that holds the sums, weights packed once."""

import numpy as np

import tensorlang as tl

N, H, W, C, K, R, S = 1, 14, 14, 16, 32, 3, 3

# Images are (N, H, W, C), filters (R, S, C, K). Weights are constant: they may be transformed once, ahead of all calls.
x = tl.Input("x", (N, H, W, C), tl.float32)
w = tl.Input("w", (R, S, C, K), tl.float32, constant=True)
bias = tl.Input("bias", (K,), tl.float32, constant=True)

n, p, q, k = tl.vars("n p q k")
r, s_, c = tl.RDom("r s c", R, S, C)

# `padded` is x shifted by one row and one column, and 0 outside.
padded = tl.constant_exterior(x, 0.0, (0, 1, 1, 0), name="padded")
conv = tl.Func("conv")
conv[n, p, q, k] += padded[n, p + r, q + s_, c] * w[r, s_, c, k]
out = tl.Func("out")
out[n, p, q, k] = tl.maximum(conv[n, p, q, k] + bias[k], 0.0)

s = tl.Schedule(out)
# The weights that conv reads become panels of 16 output channels, contiguous in the order in which they are read.
packed = s.in_(w, conv, "packed")
packed.split_storage("k", "ko", "ki", 16).reorder_storage("ko", "r", "s", "c", "ki").compute_at_init()
s[padded].compute_root()
# The output in tiles of 7 pixels by 16 channels; bias and ReLU are applied while the sums are still in registers.
s[out].split("k", "ko", "ki", 16).split("q", "qo", "qi", 7).reorder("n", "ko", "p", "qo", "qi", "ki")
s[out].vectorize("ki").unroll("qi").fuse("ko", "p", "task").parallel("task")
s[conv].compute_at(out, "qo").store_in("register").vectorize("k", 16).unroll("q")
s[conv.update()].reorder("r", "s", "c", "q", "k").vectorize("k", 16).unroll("q")
print(tl.loop_nest(out, s, shape=(N, H, W, K)))

# The output's shape is given: padding makes it depend on what the user wants, not on x alone.
kernel = tl.compile(out, s, shape=(N, H, W, K))

rng = np.random.default_rng(0)
image = rng.standard_normal((N, H, W, C), dtype=np.float32)
weights = rng.standard_normal((R, S, C, K), dtype=np.float32)
offsets = rng.standard_normal(K, dtype=np.float32)

# `prepare` runs what was scheduled at initialisation; the state it returns goes into every call.
state = kernel.prepare(w=weights)
y = kernel(image, bias=offsets, state=state)

wide = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
expected = sum(wide[:, dy : dy + H, dx : dx + W] @ weights[dy, dx] for dy in range(R) for dx in range(S))
np.testing.assert_allclose(y, np.maximum(expected + offsets, 0), rtol=1e-4, atol=1e-4)
