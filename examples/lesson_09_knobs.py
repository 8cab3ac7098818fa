"""Lesson 9: holes. Your own schedule with knobs that a tuner fills; and no schedule at all, for any algorithm."""

import numpy as np

import autotune
import tensorlang as tl

# A smoothed gradient: no layer of a network, so nobody has written a family of schedules for it.
image = tl.Input("image", (130, 258), tl.float32)
y, x = tl.vars("y x")
smooth, out = tl.Func("smooth"), tl.Func("out")
smooth[y, x] = (image[y, x] + 2 * image[y, x + 1] + image[y, x + 2]) / 4
out[y, x] = smooth[y + 2, x] - smooth[y, x]

# A knob stands wherever a directive takes a number, a loop, an order of loops, a level or a tail. What is certain is
# written down; what only a measurement can tell is left open.
s = tl.Schedule(out)
s[out].split("y", "yo", "yi", tl.knob("rows", [8, 4, 16]))
s[out].reorder(tl.knob("order", [("yo", "yi", "x"), ("yo", "x", "yi")])).vectorize("x", 8)
s[smooth].compute_at(tl.knob("site", [(out, "yo"), "inline"]))

# Such a schedule is data as any other: it prints, compares and is kept as JSON. It is compiled once it is filled.
print(s)
assert tl.Schedule.from_json(s.to_json(), out) == s
try:
    tl.compile(out, s)
except tl.ScheduleError as error:
    print(error.message)
by_hand = s.fill(rows=16, order=("yo", "yi", "x"), site="inline")
print(tl.loop_nest(out, by_hand))

# The tuner fills the holes and leaves the rest. Each candidate is checked before it is timed, in a process that may
# crash or hang; the first choices are the baseline, which stays unless something beats it beyond the noise.
result = autotune.tune(out, s, threads=1, trials=4, budget="20s")
print(result)
print(result.schedule)

# Without a schedule, the space is made from the algorithm: where each Func is computed, tiles, order, vectors, tasks.
space = autotune.generic_space(out, threads=1)
print(f"{len(space.space.knobs)} knobs; the default, from reasoning alone:")
print(space.make(space.default))
best = autotune.tune(out, threads=1, trials=3, budget="20s")
print(best)

# Whatever came out of it computes the same.
pixels = np.random.default_rng(0).random((130, 258), dtype=np.float32)
row = (pixels[:, :-2] + 2 * pixels[:, 1:-1] + pixels[:, 2:]) / 4
for schedule in (by_hand, result.schedule, best.schedule):
    np.testing.assert_allclose(tl.compile(out, schedule)(pixels), row[2:] - row[:-2], atol=1e-6)
