"""Kernels on disk: found again by another process, rebuilt when damaged, private."""

from __future__ import annotations

import errno
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tensorlang.codegen import compile_function, fingerprint, host_target
from tensorlang.codegen.cache import cache_directory
from tensorlang.dtypes import float32
from tensorlang.ir.expr import Const, index
from tensorlang.ir.module import Function, Module
from tensorlang.ir.stmt import LoopKind, Store
from tensorlang.runtime import Kernel, compile_module
from tests.codegen.nests import gemm, gemm_arrays, output

ROOT = Path(__file__).parents[2]

CHILD = """
from tests.codegen.test_cache import compile_here, is_right
kernel = compile_here()
print(kernel.from_cache, is_right(kernel))
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENSORLANG_CACHE_DIR", str(tmp_path))
    return tmp_path / "kernels"


def compile_here(kind: LoopKind = LoopKind.PARALLEL) -> Kernel:
    return compile_module(Module(gemm(4, 16, 5, 2, 1, 8, kind)))


def is_right(kernel: Kernel) -> bool:
    a, b, expected = gemm_arrays(4, 16, 5, 8)
    return bool((kernel(a, b) == expected).all())


def test_a_kernel_is_found_again_with_its_texts(directory: Path) -> None:
    first, second = compile_here(), compile_here()
    assert (first.from_cache, second.from_cache) == (False, True)
    assert is_right(first) and is_right(second)
    assert second.llvm() == first.llvm() and "llvm.fma" in second.llvm()
    assert second.asm() == first.asm()


def test_another_process_finds_it(directory: Path) -> None:
    compile_here()
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True", "True"]


def test_without_cache_nothing_is_written_or_read(directory: Path) -> None:
    compile_here()
    before = sorted(directory.rglob("*"))
    kernel = compile_module(Module(gemm(4, 16, 5, 2, 1, 8)), cache=False)
    assert not kernel.from_cache and is_right(kernel)
    assert sorted(directory.rglob("*")) == before


@pytest.mark.parametrize("suffix", [".nbc", ".nbi", ".json", ".py", ".ll"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_entry_is_made_again(suffix: str, damage: str, directory: Path) -> None:
    compile_here()
    for path in [p for p in directory.rglob("main_*") if p.suffix == suffix]:
        content = path.read_bytes()
        half = len(content) // 2
        if damage == "flip":
            path.write_bytes(content[:half] + bytes([content[half] ^ 0x55]) + content[half + 1 :])
        elif damage == "truncate":
            path.write_bytes(content[:half])
        else:
            path.unlink()
    kernel = compile_here()
    assert is_right(kernel)
    # The caller's text is written again; what Numba made of the same text still holds.
    assert kernel.from_cache == (suffix == ".py")
    assert "llvm.fma" in kernel.llvm()
    assert compile_here().from_cache


def test_a_text_removed_after_loading_is_made_again(directory: Path) -> None:
    compile_here()
    kernel = compile_here()
    for path in directory.glob("main_*.ll"):
        path.unlink()
    assert kernel.from_cache and "llvm.fma" in kernel.llvm()


def test_the_directory_is_private(directory: Path) -> None:
    assert cache_directory() == directory
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_directory_that_others_may_write_is_not_trusted(directory: Path) -> None:
    directory.mkdir(parents=True)
    directory.chmod(0o777)
    assert cache_directory() is None
    kernel = compile_here()
    assert not kernel.from_cache and is_right(kernel)


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TENSORLANG_CACHE_DIR", str(tmp_path / "file"))
    assert cache_directory() is None
    assert is_right(compile_here())


def test_fingerprint_tells_functions_and_targets_apart() -> None:
    target = host_target()
    one = gemm(4, 16, 5, 2, 1, 8)
    assert fingerprint(one, target) == fingerprint(gemm(4, 16, 5, 2, 1, 8), target)
    others = [gemm(4, 16, 6, 2, 1, 8), gemm(4, 16, 5, 4, 1, 8), gemm(4, 16, 5, 2, 1, 8, LoopKind.PARALLEL)]
    narrower = target.__class__(**{**vars(target), "features": target.features - {"fma"}})
    keys = {fingerprint(one, target), fingerprint(one, narrower), *(fingerprint(f, target) for f in others)}
    assert len(keys) == 5


def test_fingerprint_tells_constants_apart_that_compare_equal() -> None:
    def at(value: float) -> str:
        return fingerprint(with_constant(value), host_target())

    assert len({at(0.0), at(-0.0), at(1.0), at(float("nan"))}) == 4


def with_constant(value: float) -> Function:
    return Function("main", (output("out", (1,), float32),), Store("out", index(0), Const(value, float32)))


def test_compile_function_says_what_a_call_needs() -> None:
    code = compile_function(gemm(4, 16, 5, 2, 1, 8), host_target(), cache=False)
    assert code.address and not code.is_parallel and code.workspace.total_bytes(8) == 0
    assert np.isfinite(code.compile_s) and code.compile_s > 0


def test_what_cannot_be_kept_is_compiled_all_the_same(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    kernel = compile_here()
    assert not kernel.from_cache and is_right(kernel)
    assert "llvm.fma" in kernel.llvm()
