"""Compares compiled kernels with the oracle; used by the tuner, the tests and everything that must trust a kernel."""

from __future__ import annotations

from tensorlang.validation.check import CheckResult, check_kernel, check_outputs
from tensorlang.validation.exactness import error_bound, exact_magnitude
from tensorlang.validation.guarded import Flush, guarded_array
from tensorlang.validation.hashing import algorithm_hash, sized_algorithm_hash
from tensorlang.validation.inputs import Values, make_inputs

__all__ = [
    "CheckResult",
    "Flush",
    "Values",
    "algorithm_hash",
    "check_kernel",
    "check_outputs",
    "error_bound",
    "exact_magnitude",
    "guarded_array",
    "make_inputs",
    "sized_algorithm_hash",
]
