"""Lowered functions to machine code: LLVM emission inside a Numba intrinsic, SIMD, parallel tasks, and a disk cache."""

from tensorlang.codegen.cache import cache_directory, write_atomically
from tensorlang.codegen.call import MISALIGNED, OVERLAP, make_caller
from tensorlang.codegen.fingerprint import codegen_epoch, content_hash, fingerprint
from tensorlang.codegen.jit import CompiledFunction, compile_function
from tensorlang.codegen.launch import launches_are_thread_safe, register_launcher, threading_layer_name
from tensorlang.codegen.target import Target, host_target
from tensorlang.codegen.workspace import ALIGNMENT_BYTES, Workspace

__all__ = [
    "ALIGNMENT_BYTES",
    "MISALIGNED",
    "OVERLAP",
    "CompiledFunction",
    "Target",
    "Workspace",
    "cache_directory",
    "codegen_epoch",
    "compile_function",
    "content_hash",
    "fingerprint",
    "host_target",
    "launches_are_thread_safe",
    "make_caller",
    "register_launcher",
    "threading_layer_name",
    "write_atomically",
]
