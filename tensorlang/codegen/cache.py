"""Machine code on disk: a private directory of content-hashed modules, whose functions Numba caches and we checksum."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

# Nothing here allocates: without Numba's counted references there is no need to make its runtime, which is compiled
# anew in every process.
_OPTIONS: Mapping[str, Any] = {
    "_nrt": False,
    "nogil": True,
    "boundscheck": False,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,
}


class CodeCache(FunctionCache):  # type: ignore[misc]  # Numba has no types
    """Numba's cache, which loads machine code without what only compilation needs.

    Numba registers all that it can compile, several thousand functions, before the first function is loaded in a
    process. Machine code needs none of them; for a function that is not found, and so compiled, they are.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What there is for a signature, or None."""
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


@dataclass(frozen=True)
class Compiled:
    """A Numba function compiled for one signature.

    `entry` is where the cache keeps it, None if it is not cached; `from_cache` says that no code was generated.
    """

    dispatcher: Any
    from_cache: bool
    entry: Path | None

    @property
    def result(self) -> Any:
        """Numba's compile result."""
        return next(iter(self.dispatcher.overloads.values()))

    def library_text(self) -> str:
        """The optimised LLVM text, which Numba has only of code that it did not load from its cache."""
        return str(self.result.library.get_llvm_str())

    def address(self) -> int:
        """Address of the machine code, called as ``i32(ptr result, ptr exception, arguments...)``."""
        result = self.result
        return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def cache_directory() -> Path | None:
    """Return the directory of cached kernels, made with mode 0700; None if there can be none, or it is not ours alone.

    ``TENSORLANG_CACHE_DIR``, else ``XDG_CACHE_HOME/tensorlang``, else ``~/.cache/tensorlang``; below it, ``kernels``.
    """
    base = os.environ.get("TENSORLANG_CACHE_DIR")
    if not base:
        base = str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tensorlang")
    directory = Path(base) / "kernels"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
    except OSError:
        return None
    is_private = status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return directory if is_private and os.access(directory, os.W_OK) else None


def compile_cached(
    name: str, source: str, namespace: Mapping[str, Any], signature: Any, *, on_disk: bool, **options: Any
) -> Compiled:
    """Compile the function ``run`` of `source` for a signature, or load what was compiled before.

    Parameters
    ----------
    name : str
        Names the entry; must differ whenever `source`, or what `namespace` makes of it, does.
    source : str
        Python text that defines ``run``.
    namespace : mapping of str to object
        Globals of the text. They are not looked at when the code comes from the cache.
    signature : numba signature
    on_disk : bool
        False compiles anew and keeps nothing.
    **options
        More options of ``numba.njit``.

    Notes
    -----
    An entry whose files do not match their checksums is thrown away and made again: loading a damaged one may crash.
    What cannot be kept, as the disk is full, is compiled all the same.
    """
    directory = cache_directory() if on_disk else None
    if directory is not None:
        with suppress(OSError):
            return _compile_kept(directory, name, source, namespace, signature, options)
    dispatcher = njit(**_OPTIONS, **options)(_define(source, f"<{name}>", namespace))
    _compile_only(dispatcher, signature)
    return Compiled(dispatcher, False, None)


def _compile_kept(
    directory: Path, name: str, source: str, namespace: Mapping[str, Any], signature: Any, options: Mapping[str, Any]
) -> Compiled:
    """Load what the directory holds, or compile it and write it there."""
    entry = directory / f"{name}.py"
    if not _holds(entry, source):
        write_atomically(entry, source.encode())
    dispatcher = njit(cache=True, **_OPTIONS, **options)(_define(source, str(entry), namespace))
    dispatcher._cache = CodeCache(dispatcher.py_func)
    files = Path(dispatcher._cache.cache_path)
    if not _is_intact(entry, files):
        _discard(entry, files)
    _compile_only(dispatcher, signature)
    from_cache = bool(dispatcher.stats.cache_hits)
    compiled = Compiled(dispatcher, from_cache, entry)
    if not from_cache:
        write_atomically(entry.with_suffix(".ll"), compiled.library_text().encode())
        _seal(entry, files)
    return compiled


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that other processes see the old one or the new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def _compile_only(dispatcher: Any, signature: Any) -> None:
    """Compile for this signature and no other: arguments of other types are a TypeError, not another compilation."""
    dispatcher.compile(signature)
    dispatcher.disable_compile()


def _define(source: str, filename: str, namespace: Mapping[str, Any]) -> Any:
    # Numba imports the function's module when it loads the function: it must be one that exists.
    scope = {"__name__": __name__, **namespace}
    exec(compile(source, filename, "exec"), scope)
    return scope["run"]


def _holds(entry: Path, source: str) -> bool:
    try:
        return entry.read_bytes() == source.encode()
    except OSError:
        return False


def _entry_files(entry: Path, files: Path) -> list[Path]:
    """What an entry is made of: the LLVM text, and Numba's index and machine code, which may be elsewhere."""
    text = entry.with_suffix(".ll")
    code = [p for p in files.glob(f"{entry.stem}.run-*") if p.suffix in (".nbi", ".nbc")]
    return sorted([*code, text] if text.exists() else code)


def _checksums(entry: Path, files: Path) -> dict[str, str]:
    return {p.name: _checksum(p) for p in _entry_files(entry, files)}


def _is_intact(entry: Path, files: Path) -> bool:
    # The seal names its files: looking for them among those of all kernels takes longer than loading one.
    try:
        sealed = json.loads(entry.with_suffix(".json").read_text())
        return bool(sealed) and all(
            _checksum((entry.parent if name.endswith(".ll") else files) / name) == checksum
            for name, checksum in sealed.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _discard(entry: Path, files: Path) -> None:
    for path in [*_entry_files(entry, files), entry.with_suffix(".json")]:
        path.unlink(missing_ok=True)


def _seal(entry: Path, files: Path) -> None:
    write_atomically(entry.with_suffix(".json"), json.dumps(_checksums(entry, files)).encode())
