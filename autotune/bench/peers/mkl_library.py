"""Intel MKL through ctypes: found among the files of its wheel, with the threading layer that suits."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, files, version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from autotune.bench.case import Array, empty_aligned
from tensorlang.errors import TuningError

Call: TypeAlias = Callable[[], object]

# MKL's enumerations.
_ROW_MAJOR = 101
_AS_IT_IS, _TRANSPOSED, _PACKED = 111, 112, 151
_B_MATRIX = 162

# MKL loads one of these when it first computes something: the kernels that it has for the CPU it sees.
_KERNELS = re.compile(r"libmkl_(?:def|mc3|avx2|avx512|avx10)\.so")
_MAPPED = Path("/proc/self/maps")


class MklLibrary:
    """MKL's products of row-major float32 matrices; each method returns a call that computes into `out`.

    Parameters
    ----------
    threads : int
        1 takes MKL's sequential layer, which has no threads to start; more take the one of Intel's OpenMP runtime,
        which comes with the wheel (GNU's is no faster, and the system may not have it). KMP_BLOCKTIME says how long
        idle threads spin.

    Raises
    ------
    TuningError
        If the ``mkl`` wheel has no such library.
    """

    def __init__(self, threads: int) -> None:
        self.threading = "sequential" if threads == 1 else "intel"
        # Read when MKL is first called.
        os.environ |= {"MKL_THREADING_LAYER": self.threading.upper(), "MKL_INTERFACE_LAYER": "LP64"}
        self._library = ctypes.CDLL(str(_find_library()))
        self._library.cblas_sgemm_pack_get_size.restype = ctypes.c_size_t

    def sgemm(self, a: Array, b: Array, out: Array) -> Call:
        """``out = a @ b`` by the BLAS routine, which packs inside the call."""
        (m, k), n = a.shape, b.shape[1]
        layout = (_ROW_MAJOR, _AS_IT_IS, _AS_IT_IS)
        return _bind(self._library.cblas_sgemm, *layout, m, n, k, 1.0, a, k, b, n, 0.0, out, n)

    def sgemm_packed(self, a: Array, b: Array, out: Array) -> Call:
        """``out = a @ b`` with `b` in MKL's own packed format, which is made here, before the call."""
        (m, k), n = a.shape, b.shape[1]
        packed = empty_aligned((self._library.cblas_sgemm_pack_get_size(_B_MATRIX, m, n, k),), np.uint8)
        pack = _bind(self._library.cblas_sgemm_pack, *(_ROW_MAJOR, _B_MATRIX, _AS_IT_IS), m, n, k, 1.0, b, n, packed)
        pack()
        layout = (_ROW_MAJOR, _AS_IT_IS, _PACKED)
        return _bind(self._library.cblas_sgemm_compute, *layout, m, n, k, a, k, packed, n, 0.0, out, n)

    def sgemv(self, a: Array, b: Array, out: Array) -> Call:
        """``out = a @ b``, where `a` is one row or `b` is one column, by the BLAS routine for that."""
        matrix, vector, transposed = (b, a, _TRANSPOSED) if len(a) == 1 else (a, b, _AS_IT_IS)
        rows, columns = matrix.shape
        layout = (_ROW_MAJOR, transposed)
        return _bind(self._library.cblas_sgemv, *layout, rows, columns, 1.0, matrix, columns, vector, 1, 0.0, out, 1)

    def describe(self) -> str:
        """Version, threading layer and, once something was computed, which of its kernels MKL took for this CPU."""
        kernels = sorted(set(_KERNELS.findall(_MAPPED.read_text(encoding="utf-8")))) if _MAPPED.exists() else []
        taken = [f"kernels of {name.removesuffix('.so')}" for name in kernels]
        return ", ".join([f"MKL {version('mkl')}", f"{self.threading} threading", *taken])


def _find_library() -> Path:
    """MKL's single dynamic library, wherever the wheel put it: outside of the directory of packages."""
    try:
        found = [file for file in files("mkl") or () if file.name.startswith("libmkl_rt.so")]
    except PackageNotFoundError:
        found = []
    if not found:
        raise TuningError("there is no libmkl_rt among the files of the mkl package.", hint="pip install mkl")
    return Path(str(found[0].locate())).resolve()


def _bind(function: Callable[..., object], *arguments: Array | float) -> Call:
    """The call of `function` with arguments already as C takes them; the arrays live as long as the call."""
    values = [_to_c(argument) for argument in arguments]
    return lambda: function(*values)


def _to_c(argument: Array | float) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data_as(ctypes.c_void_p)  # holds the array
    return ctypes.c_float(argument) if isinstance(argument, float) else ctypes.c_int(argument)
