"""The rule that every user-given name obeys."""

from __future__ import annotations

import re

from tensorlang.errors import LanguageError, caller_location

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def check_name(kind: str, name: object) -> str:
    """Return `name` if it can name a `kind` ("Func", "Var", ...).

    Raises
    ------
    LanguageError
        If `name` is not a string of letters, digits and underscores that starts with no digit.
    """
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise LanguageError(
        f"{name!r} cannot name a {kind}.",
        asked=f"tl.{kind}({name!r})",
        where=caller_location(),
        rule="names are letters, digits and underscores, at most 128, and do not start with a digit",
    )


def split_names(kind: str, names: object) -> tuple[str, ...]:
    """Return the distinct names of a text such as ``"i j k"``.

    Raises
    ------
    LanguageError
        If there is none, one is malformed, or two are the same.
    """
    words = names.split() if isinstance(names, str) else [names]
    found = tuple(check_name(kind, word) for word in words or [names])
    if len(set(found)) < len(found):
        raise LanguageError(
            f"{names!r} has the same name twice.", where=caller_location(), rule=f"each {kind} has a name of its own"
        )
    return found
