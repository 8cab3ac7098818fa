"""Every peer, in a process of its own: its answers are right, and what it does not compute it declines."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from autotune.bench import implementations
from autotune.bench.case import describe_difference, make_arrays
from autotune.bench.implementations import PEERS, Implementation, find_missing, install_hint, require_installed
from autotune.bench.peers import mkl_library
from autotune.bench.placement import choose_cpus, thread_environment
from autotune.bench.rounds import SETTLE_S
from autotune.bench.worker import Worker
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, FusedWorkload, Gemm
from tests.architecture.sources import ROOT
from tests.bench.definition import compute

PINS = pytest.mark.skipif(sys.platform != "linux", reason="the bench pins processes on Linux only")

# Inputs of some are large enough for pages of their own: those that nobody holds are gone by the time of the call.
PRODUCT = Gemm(m=333, n=17, k=200, bias=False)
ARGUMENTS = Gemm(m=200, n=250, k=300, bias=False, constant_b=False)
ROW = Gemm(m=1, n=30, k=50, bias=False)
COLUMN = Gemm(m=30, n=1, k=50, bias=False)
DENSE = Gemm(m=5, n=30, k=20, relu=True)
CONV = Conv2d(n=1, h=40, w=42, c=64, k=32, r=3, s=3, padding=(1, 1))
UNPADDED = Conv2d(n=2, h=9, w=9, c=8, k=64, r=3, s=3)
STRIDED = Conv2d(
    n=1, h=9, w=8, c=6, k=10, r=2, s=3, stride=(2, 1), dilation=(1, 2), bias=False, relu=False, clip=(0, 6)
)
ODD = Conv2d(n=2, h=9, w=8, c=6, k=10, r=2, s=3, stride=(2, 1), groups=2, bias=False, relu=False)
DEPTHWISE = DepthwiseConv2d(n=1, h=7, w=6, c=8, r=3, s=3, stride=(2, 2), padding=(1, 1), relu=False, clip=(0, 6))
CLIPPED = Gemm(m=5, n=30, k=20, clip=(-0.5, 0.25))
SIMPLE = (PRODUCT, ARGUMENTS, ROW, COLUMN, DENSE, CLIPPED, CONV, UNPADDED, STRIDED, ODD, DEPTHWISE)
ADDED = Conv2d(n=1, h=9, w=8, c=6, k=10, r=1, s=1, residual=True)
ACTIVATED = Gemm(m=5, n=30, k=20, activation="gelu")
WORKLOADS: tuple[FusedWorkload, ...] = (*SIMPLE, ADDED, ACTIVATED)

COMPUTED: Mapping[str, tuple[FusedWorkload, ...]] = {
    "onnxruntime": WORKLOADS,
    "mkl": (PRODUCT, ARGUMENTS, ROW, COLUMN),
    "openblas": (PRODUCT, ARGUMENTS, ROW, COLUMN),
    "openvino": WORKLOADS,
    "pytorch": SIMPLE,
    "halide": (PRODUCT, ARGUMENTS, ROW, COLUMN, DENSE, CLIPPED, CONV, UNPADDED, STRIDED),
}


def _mark(peer: Implementation) -> pytest.MarkDecorator:
    missing = " and ".join(find_missing(peer))
    return pytest.mark.skipif(bool(missing), reason=f"{missing} not installed")


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_what_each_computes(peer: Implementation) -> None:
    assert tuple(work for work in WORKLOADS if peer.computes(work)) == COMPUTED[peer.name]
    assert not peer.computes(Gemm(m=2, n=3, k=4, bias=False, dtype="float64"))


@PINS
@pytest.mark.parametrize("peer", [pytest.param(peer, id=peer.name, marks=_mark(peer)) for peer in PEERS])
def test_answers(peer: Implementation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with Worker(peer, 1, choose_cpus(1), tmp_path) as worker:
        for work in COMPUTED[peer.name]:
            about, answer = worker.open(work.to_data())
            assert describe_difference(answer, compute(work, make_arrays(work)), work) == "", work
            assert about["detail"]
            assert worker.turn() > 0
        assert worker.facts() == {}


@PINS
@pytest.mark.parametrize("name", ["mkl", "openblas"])
def test_blas_declines_epilogues(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (peer,) = [peer for peer in PEERS if peer.name == name]
    with Worker(peer, 1, choose_cpus(1), tmp_path) as worker, pytest.raises(TuningError) as caught:
        worker.open(DENSE.to_data())
    assert str(caught.value) == (
        f"{name} does not compute gemm 5x30x20 (float32, epilogue: bias+relu).\n"
        "  rule        BLAS has products of float32 matrices, without bias and activation"
    )


def test_pytorch_is_not_in_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementations, "find_spec", lambda name: None)
    with pytest.raises(TuningError) as caught:
        require_installed(tuple(peer for peer in PEERS if peer.name == "pytorch"))
    assert str(caught.value) == "pytorch cannot be measured: torch not installed.\n  hint        pip install torch"


def test_what_installs_the_peers() -> None:
    assert install_hint(["mkl", "torch"]) == "pip install 'tensorlang[bench]' torch"
    assert install_hint(["mkl"]) == "pip install 'tensorlang[bench]'"


def test_mkl_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mkl_library, "files", lambda name: [])
    with pytest.raises(TuningError) as caught:
        mkl_library.MklLibrary(1)
    assert str(caught.value) == (
        "there is no libmkl_rt among the files of the mkl package.\n  hint        pip install mkl"
    )


def test_threads_that_spin_are_asleep_before_the_next_turn() -> None:
    environment = thread_environment(2)
    assert int(environment["KMP_BLOCKTIME"]) < 1e3 * SETTLE_S
    cycles_per_s = 1e9  # of the slowest counter
    assert 2 ** int(environment["OPENBLAS_THREAD_TIMEOUT"]) / cycles_per_s < SETTLE_S
