"""Halide's first example, a 3x3 box blur of 16-bit integers, under the schedules that it is known for.

The same algorithm under the same schedules, in tensorlang and in Halide (if that is installed), each in a process of
its own; they take turns as in every comparison of `autotune.bench`. Answers are compared with NumPy's, bit by bit.
"""
