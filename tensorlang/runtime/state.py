"""What a kernel's initialisation leaves behind: packed weights and the like, in aligned buffers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tensorlang.ir.module import BufferParam
from tensorlang.runtime.buffers import Array, address, copy_aligned


@dataclass(frozen=True, eq=False)
class State:
    """Prepared buffers, for any kernel of the same state layout.

    Attributes
    ----------
    layout : tuple of BufferParam
        What each buffer holds.
    buffers : tuple of ndarray
        One-dimensional, 64-byte aligned, zero where the initialisation wrote nothing.
    addresses : tuple of int
        Where they are.
    constants : mapping of str to ndarray
        Constant inputs that the kernel itself reads too, as given to ``prepare``: a call need not name them again.
    """

    layout: tuple[BufferParam, ...]
    buffers: tuple[Array, ...]
    addresses: tuple[int, ...]
    constants: Mapping[str, Array]

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.layout, self.buffers, dict(self.constants))

    @property
    def size_bytes(self) -> int:
        """Size of all buffers [B]."""
        return sum(buffer.nbytes for buffer in self.buffers)


def _restore(layout: tuple[BufferParam, ...], buffers: tuple[Array, ...], constants: Mapping[str, Array]) -> State:
    """A copy with buffers, and so addresses, of its own."""
    aligned = tuple(copy_aligned(buffer, param.type) for buffer, param in zip(buffers, layout, strict=True))
    return State(layout, aligned, tuple(map(address, aligned)), constants)
