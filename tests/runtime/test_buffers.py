"""Where arrays of kernels are: at cache lines, large ones in huge pages; and that workspaces are kept between calls."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.runtime import copy_aligned, empty_aligned, zeros_aligned
from tensorlang.runtime.buffers import HUGE_PAGE_BYTES, address

_SMAPS = Path("/proc/self/smaps")
_POLICY = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_LARGE = (3 << 20) + 4


def huge_bytes(begin: int, end: int) -> int:
    """How many bytes of the mappings that overlap ``[begin, end)`` are in huge pages [B]."""
    total, is_inside = 0, False
    for line in _SMAPS.read_text().splitlines():
        span = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if span:
            is_inside = int(span[1], 16) < end and begin < int(span[2], 16)
        elif is_inside and line.startswith("AnonHugePages:"):
            total += int(line.split()[1]) << 10
    return total


def resident_faults() -> int:
    """Page faults of this process so far."""
    resource = pytest.importorskip("resource")
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)


@pytest.mark.parametrize("size", [1, 63, 4096, HUGE_PAGE_BYTES // 4 - 1, HUGE_PAGE_BYTES // 4, _LARGE])
def test_data_starts_at_a_cache_line_and_large_data_at_a_huge_page(size: int) -> None:
    for made in (zeros_aligned((size,), tl.float32), empty_aligned((size,), tl.float32)):
        assert made.shape == (size,) and made.dtype == np.float32 and made.flags.c_contiguous and made.flags.writeable
        assert address(made) % 64 == 0
    kept = zeros_aligned((size,), tl.float32)
    assert not kept.any()
    if size * 4 >= HUGE_PAGE_BYTES:
        assert address(kept) % HUGE_PAGE_BYTES == 0


def test_a_copy_is_equal_and_aligned() -> None:
    given = np.arange(_LARGE, dtype=np.int32).reshape(2, -1)
    copy = copy_aligned(given, tl.int32)
    assert np.array_equal(copy, given) and address(copy) % HUGE_PAGE_BYTES == 0


@pytest.mark.skipif(
    not _POLICY.exists() or "[never]" in _POLICY.read_text(), reason="this system has no transparent huge pages"
)
def test_large_data_is_in_huge_pages() -> None:
    kept = zeros_aligned((_LARGE,), tl.float32)
    kept[...] = 1
    begin = address(kept)
    # A system whose memory is in small pieces may not have all of them.
    assert huge_bytes(begin, begin + kept.nbytes) >= kept.nbytes // 2


def test_a_mapping_goes_with_its_last_view() -> None:
    if not _SMAPS.exists():
        pytest.skip("needs /proc")
    kept = zeros_aligned((_LARGE,), tl.float32)
    view = kept[5:]
    begin = address(kept)
    del kept
    view[0] = 2.0
    del view
    spans = [re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line) for line in _SMAPS.read_text().splitlines()]
    assert not any(span and int(span[1], 16) <= begin < int(span[2], 16) for span in spans)


def test_prepared_weights_are_in_aligned_pages() -> None:
    x, w = tl.Input("x", (512,), tl.float32), tl.Input("w", (512, 1024), tl.float32, constant=True)
    i, k, out = tl.Var("i"), tl.RDom("k", 512), tl.Func("out")
    out[i] += x[k] * w[k, i]
    s = tl.Schedule(out)
    s.in_(w, out, "packed").compute_at_init()
    kernel = tl.compile(out, s)
    state = kernel.prepare(np.ones((512, 1024), np.float32))
    assert state.size_bytes == HUGE_PAGE_BYTES
    assert all(at % HUGE_PAGE_BYTES == 0 for at in state.addresses)


def test_a_second_call_takes_the_workspace_of_the_first() -> None:
    n = 1 << 20
    x, i = tl.Input("x", (n,), tl.float32), tl.Var("i")
    scratch, out = tl.Func("scratch"), tl.Func("out")
    scratch[i] = x[i] * 2.0
    out[i] = scratch[i] + scratch[n - 1 - i]
    s = tl.Schedule(out)
    s[scratch].compute_root()
    kernel = tl.compile(out, s, shape=(n,))
    assert kernel.workspace_bytes == 4 * n
    given, result = np.ones(n, np.float32), np.zeros(n, np.float32)
    kernel(given, out=result)
    before = resident_faults()
    for _ in range(5):
        kernel(given, out=result)
    # Five fresh workspaces would be ten faults of huge pages, or five thousand of small ones.
    assert resident_faults() - before < 5
