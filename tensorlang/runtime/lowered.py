"""Lowered modules on disk, beside the machine code they become: what was compiled before is not lowered again."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tensorlang.codegen import cache_directory, content_hash, write_atomically
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.module import Module

_PACKAGE = Path(__file__).parents[1]
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Lowered:
    """A module, and the content hashes of its functions, which are as much work as loading it.

    Attributes
    ----------
    module : Module
    main_hash, prepare_hash : str
        What `content_hash` gives of ``main`` and of ``prepare``; empty if there is none.
    """

    module: Module
    main_hash: str
    prepare_hash: str


def lower_cached(
    algorithm: Algorithm,
    schedule: str,
    shapes: Mapping[str, tuple[int, ...]],
    numerics: str,
    make: Callable[[], Module],
    *,
    on_disk: bool,
) -> Lowered:
    """Return what `make` lowers, or what it did before for the same algorithm, schedule, shapes and numerics.

    Parameters
    ----------
    algorithm : Algorithm
    schedule : str
        Its JSON.
    shapes : mapping of str to tuple of int
        Of the outputs.
    numerics : str
    make : callable
    on_disk : bool
        False lowers anew and keeps nothing.

    Notes
    -----
    What is read back is checked against its checksum: the directory is private to the user, as the machine code needs.
    """
    directory = cache_directory() if on_disk else None
    if directory is None:
        return _hashed(make(), is_kept=False)
    asked = "\0".join([content_hash(algorithm), schedule, repr(sorted(shapes.items())), numerics, lowering_epoch()])
    path = directory / f"lowered_{hashlib.sha256(asked.encode()).hexdigest()[:40]}.pickle"
    found = _read(path)
    if found is not None:
        return found
    lowered = _hashed(make(), is_kept=True)
    # Code nested too deeply for the pickler, or a full disk: it is lowered again next time.
    with suppress(RecursionError, OSError):
        content = pickle.dumps(lowered, pickle.HIGHEST_PROTOCOL)
        write_atomically(path, hashlib.sha256(content).digest() + content)
    return lowered


def _hashed(module: Module, *, is_kept: bool) -> Lowered:
    if not is_kept:
        return Lowered(module, "", "")
    prepare_hash = content_hash(module.prepare) if module.prepare else ""
    return Lowered(module, content_hash(module.main), prepare_hash)


def _read(path: Path) -> Lowered | None:
    """What a file holds; None if there is none, or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content[_DIGEST_BYTES:]).digest() != content[:_DIGEST_BYTES]:
        return None
    found = pickle.loads(memoryview(content)[_DIGEST_BYTES:])
    return found if isinstance(found, Lowered) else None


@cache
def lowering_epoch() -> str:
    """Hash of which source files the compiler has: any change of one makes lowered modules obsolete.

    Files are known by path, size and time of change, as Python itself knows whether its compiled files are up to date.
    """
    files = [f"{file.path} {found.st_size} {found.st_mtime_ns}" for file, found in _sources(str(_PACKAGE))]
    return hashlib.sha256("\n".join([sys.version, *sorted(files)]).encode()).hexdigest()


def _sources(directory: str) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    for entry in os.scandir(directory):
        if entry.is_dir():
            yield from _sources(entry.path)
        elif entry.name.endswith(".py"):
            yield entry, entry.stat()
