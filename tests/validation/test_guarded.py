"""Guard pages: touching the element before or after an array ends the process, and nothing else does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tensorlang.validation import Flush, guarded_array

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
import ctypes, sys
import numpy as np
from tensorlang.validation import Flush, guarded_array
array = guarded_array((1000,), np.dtype("float32"), Flush(sys.argv[1]))
array[...] = 1
ctypes.c_float.from_address(array.ctypes.data + 4 * int(sys.argv[2])).value = 2.0
"""


@pytest.mark.parametrize("flush", Flush)
def test_array_is_zeroed_writable_and_flush(flush: Flush) -> None:
    array = guarded_array((3, 5), np.dtype("float64"), flush)
    assert array.flags.c_contiguous and array.flags.writeable and not array.any()
    edge = array.ctypes.data + (array.nbytes if flush is Flush.END else 0)
    assert edge % 4096 == 0
    array[...] = np.arange(15).reshape(3, 5)
    assert array.sum() == 105


def test_empty_array_has_no_elements() -> None:
    assert guarded_array((0, 4), np.dtype("int8"), Flush.END).shape == (0, 4)


@pytest.mark.parametrize(
    ("flush", "element", "dies"),
    [
        (Flush.END, 999, False),
        (Flush.END, 1000, True),
        (Flush.START, 0, False),
        (Flush.START, -1, True),
        (Flush.START, 1024, True),
    ],
)
def test_access_outside_ends_the_process(flush: Flush, element: int, dies: bool) -> None:
    command = [sys.executable, "-c", _PROGRAM, flush.value, str(element)]
    code = subprocess.run(command, cwd=_ROOT, capture_output=True, check=False).returncode
    assert code == (-signal.SIGSEGV if dies else 0)
