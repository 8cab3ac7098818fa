"""Scratch memory of kernels: each call takes a zeroed, aligned block from a free list and gives it back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tensorlang.dtypes import uint8
from tensorlang.runtime.buffers import Array, address, zeros_aligned


@dataclass(frozen=True, slots=True)
class Block:
    """A workspace; `address` is of its first byte, 0 if it is empty."""

    array: Array
    address: int


class WorkspacePool:
    """Blocks of one size, as many as there are calls at once; zeroed when made, not again.

    Parameters
    ----------
    size_bytes : int
        Size of a block [B].
    """

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        # append and pop of a deque are atomic: no lock to take.
        self._free: deque[Block] = deque()

    def acquire(self) -> Block:
        """Take a block that no one else uses."""
        try:
            return self._free.pop()
        except IndexError:
            array = zeros_aligned((self.size_bytes,), uint8)
            return Block(array, address(array) if self.size_bytes else 0)

    def release(self, block: Block) -> None:
        """Give a block back."""
        self._free.append(block)
