"""Parallel loops: every task once, scratch memory of a worker's own, nesting, thread counts."""

from __future__ import annotations

import threading

import numba
import numpy as np
import pytest

from tensorlang.dtypes import float32, int64
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Const, Expr, Load, index
from tensorlang.ir.stmt import Allocate, For, LetStmt, LoopKind, Memory, Store
from tensorlang.runtime import Kernel
from tests.codegen.nests import add, block, buffer, kernel, loop, mul, output, var


def parallel(name: str, extent: int | Expr, body: object) -> For:
    return loop(name, extent, body, LoopKind.PARALLEL)  # type: ignore[arg-type]


def count_kernel(tasks: int) -> Kernel:
    """Adds one to out[t] and records n, which is bound outside the loop."""
    more = Binary(BinaryOp.ADD, Load("out", var("t"), None, float32), Const(1.0, float32))
    note = Store("note", var("t"), Cast(float32, add(var("n"), var("t"))))
    tasks_loop = parallel("t", tasks, block(Store("out", var("t"), more), note))
    body = LetStmt("n", Load("x", index(0), None, int64), tasks_loop)
    outputs = [output(name, (tasks,), float32) for name in ("out", "note")]
    return kernel(buffer("x", (1,), int64), *outputs, body=body)


@pytest.mark.parametrize("tasks", [1, 2, 3, 17])
@pytest.mark.parametrize("threads", [None, 1, 2])
def test_every_task_runs_once(tasks: int, threads: int | None) -> None:
    if threads is not None and threads > numba.config.NUMBA_NUM_THREADS:
        pytest.skip("too few processors")
    out = np.zeros((2, tasks), np.float32)
    count_kernel(tasks)(np.array([40]), out=(out[0], out[1]), threads=threads)
    np.testing.assert_array_equal(out, [np.ones(tasks), 40 + np.arange(tasks)])


def test_an_extent_known_at_run_time_may_be_zero() -> None:
    extent = Load("x", index(0), None, int64)
    body = parallel("t", extent, Store("out", var("t"), Const(1.0, float32)))
    run = kernel(buffer("x", (1,), int64), output("out", (8,), float32), body=body)
    for count in (0, 1, 5, 8):
        assert run(np.array([count]), out=np.zeros(8, np.float32)).sum() == count


def test_scratch_memory_belongs_to_the_worker_and_shared_memory_to_all() -> None:
    """Each task fills a row of scratch with its own number, then copies it out through memory all share."""
    width, tasks = 200, 16
    fill = loop("i", width, Store("row", var("i"), Cast(float32, var("t"))))
    place = add(mul(var("t"), width), var("i"))
    share = loop("i", width, Store("all", place, Load("row", var("i"), None, float32)))
    task = Allocate("row", float32, width, Memory.HEAP, block(fill, share))
    copy = parallel("t", tasks, loop("i", width, Store("out", place, Load("all", place, None, float32))))
    body = Allocate("all", float32, tasks * width, Memory.HEAP, block(parallel("t", tasks, task), copy))
    run = kernel(output("out", (tasks, width), float32), body=body)
    expected = np.repeat(np.arange(tasks, dtype=np.float32)[:, None], width, axis=1)
    for _ in range(5):
        np.testing.assert_array_equal(run(), expected)
    assert run.workspace_bytes == 4 * tasks * width + numba.config.NUMBA_NUM_THREADS * 832


@pytest.mark.parametrize("outer", [1, 3])
def test_a_parallel_loop_in_another_runs_serially(outer: int) -> None:
    place = add(mul(var("s"), 4), var("t"))
    body = parallel("s", outer, parallel("t", 4, Store("out", place, Cast(float32, place))))
    run = kernel(output("out", (outer, 4), float32), body=body)
    np.testing.assert_array_equal(run().ravel(), np.arange(4 * outer))


@pytest.mark.parametrize("memory", [Memory.STACK, Memory.REGISTER])
def test_tasks_see_stack_memory_of_their_launcher(memory: Memory) -> None:
    task = Store("out", var("t"), Load("t0", index(0), None, float32))
    body = Allocate("t0", float32, 4, memory, block(Store("t0", index(0), Const(3.0, float32)), parallel("t", 4, task)))
    np.testing.assert_array_equal(kernel(output("out", (4,), float32), body=body)(), [3, 3, 3, 3])


def test_one_kernel_called_from_many_python_threads() -> None:
    run = count_kernel(64)
    wrong: list[int] = []

    def work() -> None:
        for _ in range(20):
            out = np.zeros((2, 64), np.float32)
            run(np.array([1]), out=(out[0], out[1]))
            wrong.extend(np.flatnonzero(out[0] != 1))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_threads_leave_the_setting_of_numba_alone() -> None:
    before = numba.get_num_threads()
    out = np.zeros((2, 4), np.float32)
    count_kernel(4)(np.array([0]), out=(out[0], out[1]), threads=1)
    assert numba.get_num_threads() == before
