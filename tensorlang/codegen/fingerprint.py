"""Content hashes: of lowered functions, and of the code generator itself, which together name the machine code."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import llvmlite
import numba

from tensorlang.codegen.target import Target
from tensorlang.ir.module import Function


def content_hash(node: object) -> str:
    """Return a hash of data made of dataclasses, tuples, numbers and text.

    Hashes of nodes are made of hashes of their parts, each object visited once: bodies share much of their structure.
    """
    return _digest(node, {}).hex()


def fingerprint(function: Function, target: Target, content: str = "") -> str:
    """Return a hash (64 hex digits) that differs whenever the machine code of `function` for `target` might.

    `content` is the `content_hash` of the function, if it is known.
    """
    parts = [
        content or content_hash(function),
        target.code_key,
        codegen_epoch(),
        numba.__version__,
        llvmlite.__version__,
        _flags(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def codegen_epoch() -> str:
    """Hash of the source of this package: any change of it makes cached kernels obsolete."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _flags() -> str:
    config = numba.config
    return f"opt={config.OPT} boundscheck={config.BOUNDSCHECK} debuginfo={config.DEBUGINFO_DEFAULT}"


def _digest(node: object, known: dict[int, bytes]) -> bytes:
    found = known.get(id(node))
    if found is not None:
        return found
    hasher = hashlib.blake2b(type(node).__name__.encode(), digest_size=16)
    if isinstance(node, tuple):
        parts: tuple[object, ...] = node
    elif is_dataclass(node):
        parts = tuple(getattr(node, field.name) for field in fields(node))
    else:
        hasher.update(repr(node.value if isinstance(node, Enum) else node).encode())
        return hasher.digest()
    for part in parts:
        hasher.update(_digest(part, known))
    # Parts of the function live as long as it does, so that their identities stay theirs.
    known[id(node)] = hasher.digest()
    return known[id(node)]
