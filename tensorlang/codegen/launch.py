"""The one launcher of parallel loops: a Numba prange made a C function, which every kernel calls by its symbol."""

from __future__ import annotations

import threading
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir as ll
from numba import cfunc, njit, prange, threading_layer, types
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.extending import intrinsic
from numba.np.ufunc.parallel import _launch_threads

from tensorlang.codegen.cache import CodeCache
from tensorlang.codegen.types import I64, PTR

LAUNCH_SYMBOL = "tensorlang_launch"

_SIGNATURE = types.void(types.intp, types.intp, types.intp, types.intp)
# GOMP_SPINCOUNT stays libgomp's own (measured: about 15 ms). With 300 to 30000 turns in its place, a thread that went
# to sleep is woken on the core of its waker, and from then on the two share it: a convolution of 129 us on 2 threads,
# with other processes on both cores, took 130 us in the median as it is and 250 to 2400 us with fewer turns. What
# spinning costs there are launches that wait for a time slice: 8 ms in the mean, in place of 0.6 ms with 1000 turns.
_lock = threading.Lock()
_launchers: list[Any] = []


def _call_thunk(typing_context: Any, function: Any, worker: Any, begin: Any, end: Any, closure: Any) -> tuple[Any, Any]:
    """Numba intrinsic: call the machine code at address `function` as ``void(worker, begin, end, closure)``."""
    signature = types.void(types.intp, types.intp, types.intp, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ll.FunctionType(ll.VoidType(), [I64, I64, I64, PTR])
        pointer = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(pointer, [*args[1:4], builder.inttoptr(args[4], PTR)])
        return context.get_dummy_value()

    return signature, generate


_call = intrinsic(_call_thunk)
# Numba's own C functions; numba.set_num_threads would bake addresses in, which cannot be cached.
_get_num_threads = types.ExternalFunction("get_num_threads", types.int32())
_set_num_threads = types.ExternalFunction("set_num_threads", types.void(types.int32))


def _run_parallel(function: int, closure: int, tasks: int, workers: int) -> None:
    for worker in prange(workers):
        _call(function, worker, worker * tasks // workers, (worker + 1) * tasks // workers, closure)


def _can_cache() -> bool:
    """Numba refuses to cache where neither this package's directory nor the user's cache can be written."""
    try:
        FunctionCache(_run_parallel)
    except RuntimeError:
        return False
    return True


_IS_CACHED = _can_cache()
_parallel = njit(parallel=True, nogil=True, error_model="numpy", cache=_IS_CACHED)(_run_parallel)


def _launch(function: int, closure: int, tasks: int, threads: int) -> None:
    """Split `tasks` into contiguous runs, one for each of ``min(threads, tasks)`` workers; 0: Numba's number."""
    available = _get_num_threads()
    wanted = available if threads <= 0 else threads
    workers = min(wanted, tasks)
    if workers == 1:
        _call(function, 0, 0, tasks, closure)
    elif workers > 1 and wanted == available:
        _parallel(function, closure, tasks, workers)
    elif workers > 1:
        _set_num_threads(wanted)
        _parallel(function, closure, tasks, workers)
        _set_num_threads(available)


def register_launcher() -> None:
    """Make the launcher known to the JIT linker; must come before a kernel with parallel loops is loaded."""
    with _lock:
        if not _launchers:
            _launch_threads()
            launcher = _load_launcher() if _IS_CACHED else cfunc(_SIGNATURE)(_launch)
            llvm.add_symbol(LAUNCH_SYMBOL, launcher.address)
            # The machine code lives as long as this object.
            _launchers.append(launcher)


def _load_launcher() -> Any:
    """What ``cfunc(_SIGNATURE, cache=True)`` makes of `_launch`, loaded faster: see `CodeCache`."""
    # The code frees memory of Numba's runtime, which is there once that is initialised.
    rtsys.initialize(cpu_target.target_context)
    launcher: Any = CFunc(_launch, (_SIGNATURE.args, _SIGNATURE.return_type), locals={}, options={})
    launcher._cache = CodeCache(_launch)
    launcher.compile()
    return launcher


def threading_layer_name() -> str:
    """Name of the Numba threading layer that launches parallel loops here: ``"tbb"``, ``"omp"`` or ``"workqueue"``."""
    _launch_threads()
    return str(threading_layer())


def launches_are_thread_safe() -> bool:
    """False for Numba's workqueue layer, which aborts the process when two threads launch at once."""
    return threading_layer_name() != "workqueue"
