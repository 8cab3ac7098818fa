"""Lesson 5: tuning. A family of schedules with knobs, a loop that tries some, and a lookup of the best known one."""

import numpy as np

import tensorlang as tl
from schedules import find_family, lookup
from tensorlang import nn
from tensorlang.runtime import time_callable
from tensorlang.validation import check_kernel

# A workload is a layer's operation and shape as data. `nn.build` gives its algorithm: Funcs, no schedule.
workload = nn.Conv2d(n=1, h=14, w=14, c=32, k=32, r=3, s=3, padding=(1, 1))
layer = nn.build(workload)
arrays = {x.name: np.random.default_rng(0).random(x.shape, dtype=np.float32) for x in layer.inputs}

# A family is a function from knobs to schedules, with the space of the knobs and a default from reasoning alone.
target, threads = tl.host_target(), 1
family = find_family(workload)
space = family.space(workload, target, threads)
for knob in space.knobs:
    print(f"{knob.name}: one of {knob.choices}")


def make_kernel(schedule: tl.Schedule) -> tl.Kernel:
    return tl.compile(layer.output, schedule, shape=layer.shape, inputs=layer.inputs)


def time_kernel(kernel: tl.Kernel) -> float:
    state = kernel.prepare(w=arrays["w"], bias=arrays["bias"])
    run = kernel.bare(arrays["x"], state=state, threads=threads)
    return time_callable(run, min_batch_s=0.002, repeats=3).minimum_s


# The default, and a few points beside it that differ in one knob. Nothing is timed before its answers are right.
default = family.default(workload, target, threads)
neighbours = [{**default, knob.name: choice} for knob in space.knobs for choice in knob.choices[:2]]
legal = [point for point in neighbours if point != default and family.is_legal(workload, point, target)]
points = [default, *legal[:4]]
times = []
for point in points:
    kernel = make_kernel(family.schedule(layer, point, target, threads))
    assert check_kernel(kernel, threads=threads).ok
    times.append(time_kernel(kernel))
    print(f"{1e6 * times[-1]:8.1f} us  {point}")
print(f"fastest: {points[times.index(min(times))]}")

# `autotune tune` does this well: a sampler that learns, children that may crash, the default timed beside the winner,
# and a budget shared over all layers of a network. What it finds becomes a record; a lookup always answers.
found = lookup(workload, threads=threads)
print(found.explanation)
assert check_kernel(make_kernel(found.schedule), threads=threads).ok
