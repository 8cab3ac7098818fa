"""Operations of lowered programs, those needed, and how the work is dealt to threads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.inspection import analyse
from tensorlang.inspection.operations import Launch, Work, count_needed, count_work
from tests.lowering import programs


def work_of(func: tl.Func, schedule: tl.Schedule | None = None) -> Work:
    return count_work(tl.compile(func, schedule).module.main.body)


@pytest.mark.parametrize("is_scheduled", [True, False])
def test_a_multiply_add_counts_two(is_scheduled: bool) -> None:
    func, schedule = programs.matmul(32)
    assert work_of(func, schedule if is_scheduled else None).operations == 2 * 32**3


def test_a_triangle_counts_the_points_inside_only() -> None:
    x = tl.Input("x", (8, 8), tl.float32)
    i, f, r = tl.Var("i"), tl.Func("f"), tl.RDom("k l", 8, 8)
    k, l = r
    r.where(l <= k)
    f[i] += x[k, l]
    assert count_work(tl.compile(f, shape=(2,)).module.main.body).operations == 2 * 36


def test_elementary_functions_count_one_and_indices_nothing() -> None:
    x = tl.Input("x", (6,), tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = tl.max(tl.exp(x[5 - i]) + 1.0, 0.0)
    assert work_of(f).operations == 6 * 3
    assert work_of(f).stored == 6


def test_recomputation_is_more_than_is_needed() -> None:
    func, schedule = programs.blur()
    kernel = tl.compile(func, schedule)
    assert kernel.algorithm is not None
    needed = count_needed(kernel.algorithm, {"out": kernel.outputs[0].shape})
    rows, columns = kernel.outputs[0].shape
    assert needed == 2 * (rows + 2) * columns + 2 * rows * columns
    assert count_work(kernel.module.main.body).operations > needed
    assert count_work(tl.compile(func).module.main.body).operations > needed


@pytest.mark.parametrize("make", [programs.matmul, programs.blur, programs.guarded_sum, programs.packed_weights])
def test_means_are_what_trying_every_iteration_gives(make: Callable[[], programs.Program]) -> None:
    kernel = tl.compile(*make())
    assert count_work(kernel.module.main.body).operations == tl.count_operations(kernel)


def test_of_cases_that_a_param_decides_the_first_counts() -> None:
    x, n = tl.Input("x", (64,), tl.float32), tl.Param("n", tl.int32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i] * tl.cast(tl.float32, n)
    s = tl.Schedule(f)
    s[f].specialize(n == 1)
    analysis = analyse(tl.compile(f, s))
    assert analysis.work.operations == 64
    assert analysis.traffic_bytes[2] == 2 * 4 * 64  # the case does not read the Param


def test_a_parallel_loop_has_its_tasks_and_its_share() -> None:
    func, schedule = programs.matmul(32)
    work = work_of(func, schedule)
    (launch,) = work.launches
    assert (launch.tasks, launch.times) == (16, 1.0)
    assert 0.9 < launch.share < 1.0


def test_efficiency_is_the_share_of_their_time_that_threads_work() -> None:
    assert Work(launches=[Launch(3, 1.0, 1.0)]).efficiency(1) == 1.0
    assert Work(launches=[Launch(3, 1.0, 1.0)]).efficiency(2) == pytest.approx(0.75)
    assert Work(launches=[Launch(4, 1.0, 0.5)]).efficiency(2) == pytest.approx(1 / 1.5)
    assert Work().efficiency(4) == pytest.approx(0.25)
