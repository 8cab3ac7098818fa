"""Lesson 4: where to compute. A two-stage blur, with the first stage inline, at root, and at a loop of the second."""

import numpy as np

import tensorlang as tl

H, W = 66, 130
image = tl.Input("image", (H, W), tl.float32)
y, x = tl.vars("y x")
blur_x = tl.Func("blur_x")
blur_x[y, x] = (image[y, x] + image[y, x + 1] + image[y, x + 2]) / 3
blur = tl.Func("blur")
blur[y, x] = (blur_x[y, x] + blur_x[y + 1, x] + blur_x[y + 2, x]) / 3

# Inline, the default: blur_x is computed again for each of the three rows that read it.
inline = tl.Schedule(blur)

# At root: all of blur_x first, then all of blur. Nothing is computed twice, but a whole image is stored and read back.
root = tl.Schedule(blur)
root[blur_x].compute_root()

# In between: for each strip of 8 rows of blur, the 10 rows of blur_x that it needs. The compiler finds the 10.
strips = tl.Schedule(blur)
strips[blur].split("y", "yo", "yi", 8).vectorize("x", 16).parallel("yo")
strips[blur_x].compute_at(blur, "yo").vectorize("x", 16)

picture = np.random.default_rng(0).random((H, W), dtype=np.float32)
rows = (picture[:, :-2] + picture[:, 1:-1] + picture[:, 2:]) / 3
expected = (rows[:-2] + rows[1:-1] + rows[2:]) / 3
for name, schedule in (("inline", inline), ("root", root), ("strips", strips)):
    print(f"{name}:\n{tl.loop_nest(blur, schedule)}\n")
    np.testing.assert_allclose(tl.compile(blur, schedule)(picture), expected, rtol=1e-5)

# Not every place is legal. Inside a vectorized loop there is no single row to compute.
strips = tl.Schedule(blur)
strips[blur].split("x", "xo", "xi", 16).vectorize("xi")
strips[blur_x].compute_at(blur, "xi")
try:
    tl.compile(blur, strips)
except tl.ScheduleError as error:
    print(error)
