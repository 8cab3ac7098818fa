"""Kernels that each show one thing a hot loop may suffer from, and a process that compiles them for another CPU.

Nothing is run, so that code for AVX-512 is looked at on machines without it. Run as ``python -m
tests.inspection.quality_programs``: one JSON object, the analysis of each program by name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tensorlang as tl
from tensorlang.codegen import host_target
from tensorlang.inspection import analyse, find_limit

ROOT = Path(__file__).parents[2]
CPUS = {
    "avx512": ("skylake-avx512", "+avx2,+fma,+f16c,+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512cd"),
    "avx2": ("haswell", "+avx2,+fma,+f16c,-avx512f"),
}
Program = tuple[tl.Func, tl.Schedule, tuple[int, ...]]


def tile(rows: int, vectors: int, lanes: int, size: int = 64, columns: int | None = None) -> Program:
    """A product of matrices in register tiles of so many rows and vectors; `columns` of the two tiles are stored."""
    n = 2 * vectors * lanes
    a, b = tl.Input("A", (2 * rows, size), tl.float32), tl.Input("B", (size, n), tl.float32)
    i, j = tl.vars("i j")
    k = tl.RDom("k", size)
    c, out = tl.Func("C"), tl.Func("out")
    c[i, j] += a[i, k] * b[k, j]
    out[i, j] = c[i, j]
    s = tl.Schedule(out)
    outer = s[out].tile(i, j, "io", "jo", "ii", "ji", rows, vectors * lanes, tail="guard_with_if")
    outer.vectorize("ji", lanes).unroll("ji").unroll("ii")
    s[c].compute_at(out, "jo").store_in("register").split("j", "jt", "j", vectors * lanes, "round_up")
    s[c].vectorize("j", lanes).unroll("j").unroll("i")
    s[c.update()].split("j", "jt", "j", vectors * lanes, "round_up").reorder("jt", k, "i", "j")
    s[c.update()].vectorize("j", lanes).unroll("j").unroll("i")
    return out, s, (2 * rows, columns or n)


def stream(kind: str, lanes: int, size: int) -> Program:
    """One pass over an array: a copy, a scaled copy, or elements picked by an index."""
    x, at = tl.Input("x", (size,), tl.float32), tl.Input("at", (size,), tl.int32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = {"copy": x[i], "scale": x[i] * 2.0, "gather": x[tl.clamp(at[i], 0, size - 1)]}[kind]
    s = tl.Schedule(f)
    s[f].vectorize(i, lanes)
    return f, s, (size,)


def masked_rows(lanes: int) -> Program:
    """Rows a little longer than half a vector, each under a mask."""
    x = tl.Input("x", (64, lanes // 2 + 1), tl.float32)
    i, j, f = *tl.vars("i j"), tl.Func("f")
    f[i, j] = x[i, j] * 2.0
    s = tl.Schedule(f)
    s[f].split(j, "jo", "ji", lanes, "predicate").vectorize("ji")
    return f, s, (64, lanes // 2 + 1)


def programs(lanes: int) -> Mapping[str, Callable[[], Program]]:
    """The programs by name, for vectors of so many floats [lanes]."""
    rows = 14 if lanes == 16 else 6
    return {
        "fits": lambda: tile(rows, 2, lanes),
        "spills": lambda: tile(16, 4, lanes),
        "loads": lambda: tile(8, 1, lanes),
        "chains": lambda: tile(2, 1, lanes),
        "narrow": lambda: tile(10, 1, 4),
        "tail": lambda: tile(rows, 2, lanes, columns=lanes + 1),
        "masked": lambda: masked_rows(lanes),
        "gather": lambda: stream("gather", lanes, 1000),
        "copy": lambda: stream("copy", lanes, 1 << 25),
        "scale": lambda: stream("scale", lanes, 1 << 25),
    }


@cache
def analyses(target: str) -> Mapping[str, Any]:
    """What `analyse` finds in each program, compiled for a target."""
    return run_for(target, "tests.inspection.quality_programs")


def run_for(target: str, module: str) -> Mapping[str, Any]:
    """The JSON object that a module prints, run by a process that is told it has such a CPU."""
    cpu, features = CPUS[target]
    environment = {**os.environ, "NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True, cwd=ROOT)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def _main() -> None:
    found = {}
    for name, make in programs(host_target().lanes(tl.float32)).items():
        func, schedule, shape = make()
        analysis = analyse(tl.compile(func, schedule, shape=shape))
        found[name] = {**analysis.to_data(), "limited_by": find_limit(analysis)}
    print(json.dumps(found))


if __name__ == "__main__":
    _main()
