"""A kernel that does what another does, for tests that change one thing about it."""

from __future__ import annotations

from typing import Any

from tensorlang.runtime.kernel import Kernel


class WrappedKernel:
    """Passes everything on to a kernel; a subclass overrides what is to be different."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kernel, name)

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        return self.kernel(*arrays, **options)
