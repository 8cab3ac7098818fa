"""Copies of kernels and states: by pickle to another process, and by `copy` in this one."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.runtime import Kernel, State

_CALL = """
import pickle, sys
kernel, state, x = pickle.load(sys.stdin.buffer)
pickle.dump(kernel(x, state=state), sys.stdout.buffer)
"""


@pytest.fixture(scope="module")
def packing() -> Kernel:
    """x + 2 w, where 2 w is prepared and w is a weight."""
    i, j = tl.vars("i j")
    w = tl.Input("w", (5,), tl.float32, constant=True)
    x = tl.Input("x", (4, 5), tl.float32)
    twice, out = tl.Func("twice"), tl.Func("out")
    twice[j] = w[j] * 2
    out[i, j] = x[i, j] + twice[j]
    s = tl.Schedule(out)
    s[twice].compute_at_init()
    return tl.compile(out, s, cache=False)


def arrays() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.random((4, 5), dtype=np.float32), rng.random(5, dtype=np.float32)


def test_a_kernel_and_its_state_work_in_another_process(packing: Kernel) -> None:
    x, w = arrays()
    sent = pickle.dumps((packing, packing.prepare(w=w), x))
    child = subprocess.run([sys.executable, "-c", _CALL], input=sent, capture_output=True, check=True)
    np.testing.assert_array_equal(pickle.loads(child.stdout), x + 2 * w)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda state: pickle.loads(pickle.dumps(state))])
def test_a_copied_state_has_buffers_of_its_own(packing: Kernel, duplicate: Any) -> None:
    x, w = arrays()
    state: State = packing.prepare(w=w)
    copied = duplicate(state)
    assert copied.addresses == tuple(buffer.ctypes.data for buffer in copied.buffers) != state.addresses
    assert copied.addresses[0] % 64 == 0
    np.testing.assert_array_equal(packing(x, state=copied), x + 2 * w)
