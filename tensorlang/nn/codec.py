"""Strict JSON for frozen dataclasses: closed sets of keys, exact types, nothing coerced and nothing executed."""

from __future__ import annotations

import json
import types
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tensorlang.errors import LanguageError, TensorlangError

Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
T = TypeVar("T")

_FLOAT_BITS = 1024
"""Integers of fewer bits are less than the greatest float [bit]."""
_SCALARS = {int: "an integer", float: "a number", str: "a string", bool: "true or false", type(None): "null"}


def encode(value: object) -> Json:
    """Return `value` (dataclasses, mappings, tuples and scalars, nested) as plain JSON data."""
    if is_dataclass(value):
        return {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    return cast(Json, value)


def parse_json(text: str, *, error: type[TensorlangError] = LanguageError, what: str = "JSON") -> Json:
    """Parse one JSON document, refusing duplicate keys and the non-standard constants NaN and Infinity.

    Raises
    ------
    TensorlangError
        Of class `error`, if the text is not such a document.
    """

    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        body = dict(pairs)
        if len(body) != len(pairs):
            times = Counter(key for key, _ in pairs)
            raise ValueError(f"duplicate key {next(key for key in times if times[key] > 1)!r}")
        return body

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return cast(Json, json.loads(text, object_pairs_hook=unique, parse_constant=refuse))
    except (ValueError, RecursionError) as reason:
        raise error(f"{what} is not well-formed JSON: {reason}.") from None


def decode(kind: type[T], data: Json, *, error: type[TensorlangError] = LanguageError, path: str = "") -> T:
    """Return the dataclass `kind` that `data` stands for: the inverse of `encode`.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are scalars, tuples, string-keyed mappings, optionals and dataclasses.
    data : Json
        An object with exactly the fields of `kind`; fields with a default may be missing.
    error : type
        Class of the error to raise.
    path : str
        Where `data` sits in the document, for the message.

    Raises
    ------
    TensorlangError
        Of class `error`, naming the place, what was expected and what came.
    """
    return cast(T, _Decoder(error).decode(kind, data, path or kind.__name__))


@lru_cache(maxsize=64)
def _field_types(kind: type) -> Mapping[str, Any]:
    """Types of the fields of a dataclass: reading a record asks for those of six, and resolving them takes longest."""
    return get_type_hints(kind)


class _Decoder:
    """Walks types and data together; holds the class of the error to raise."""

    def __init__(self, error: type[TensorlangError]) -> None:
        self.error = error

    def decode(self, kind: Any, data: Json, path: str) -> object:
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return self._union(args, data, path)
        if origin is tuple:
            return self._tuple(args, data, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(args[1], data, path)
        if is_dataclass(kind):
            return self._object(cast(type, kind), data, path)
        return self._scalar(kind, data, path)

    def _fail(self, path: str, expected: str, data: Json) -> TensorlangError:
        came = json.dumps(data)
        return self.error(f"{path} must be {expected}, but got {came if len(came) <= 40 else came[:37] + '...'}.")

    def _scalar(self, kind: type, data: Json, path: str) -> object:
        if kind is float and type(data) is int and data.bit_length() < _FLOAT_BITS:
            return float(data)
        if type(data) is not kind or (type(data) is float and not isfinite(data)):  # 1e999 is JSON, and infinite
            raise self._fail(path, _SCALARS[kind], data)
        return data

    def _union(self, kinds: tuple[Any, ...], data: Json, path: str) -> object:
        for kind in kinds:
            if type(data) is kind:
                return data
        others = [kind for kind in kinds if kind not in _SCALARS]
        if len(others) == 1 and data is not None:
            return self.decode(others[0], data, path)
        raise self._fail(path, " or ".join(_SCALARS.get(kind, "an object") for kind in kinds), data)

    def _tuple(self, kinds: tuple[Any, ...], data: Json, path: str) -> object:
        if not isinstance(data, list):
            raise self._fail(path, "a list", data)
        if len(kinds) == 2 and kinds[1] is Ellipsis:
            kinds = (kinds[0],) * len(data)
        if len(kinds) != len(data):
            raise self._fail(path, f"a list of {len(kinds)}", data)
        items = enumerate(zip(kinds, data, strict=True))
        return tuple(self.decode(item_kind, item, f"{path}[{at}]") for at, (item_kind, item) in items)

    def _mapping(self, kind: Any, data: Json, path: str) -> object:
        if not isinstance(data, dict):
            raise self._fail(path, "an object", data)
        return {key: self.decode(kind, item, f"{path}.{key}") for key, item in data.items()}

    def _object(self, kind: type, data: Json, path: str) -> object:
        if not isinstance(data, dict):
            raise self._fail(path, "an object", data)
        declared: dict[str, Field[object]] = {f.name: f for f in fields(kind)}
        unknown = sorted(set(data) - set(declared))
        if unknown:
            raise self.error(f"{path} has no field {unknown[0]!r}.", legal=" | ".join(declared))
        missing = [n for n, f in declared.items() if n not in data and f.default is MISSING]
        if missing:
            raise self.error(f"{path} lacks the field {missing[0]!r}.", legal=" | ".join(declared))
        hints = _field_types(kind)
        return kind(**{name: self.decode(hints[name], item, f"{path}.{name}") for name, item in data.items()})
