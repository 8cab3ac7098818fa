"""Samplers: what proposes the points of a layer's space to measure next. The tuner's own is `DEFAULT_SAMPLER`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from autotune.names import SAMPLERS as NAMES
from autotune.search.evolution import EvolutionSampler
from autotune.search.gaussian_process import GaussianProcessSampler
from autotune.search.sampler import Accepts, Observation, RandomSampler, Sampler
from autotune.search.tpe import TpeSampler
from schedules.space import Space
from tensorlang.errors import TuningError

DEFAULT_SAMPLER = "gp"
"""What `autotune tune` searches with: by `autotune study compare` best after 16 candidates, near the best after 64."""

_SAMPLERS: Mapping[str, Callable[[Space, Accepts], Sampler]] = MappingProxyType(
    {"tpe": TpeSampler, "random": RandomSampler, "evolution": EvolutionSampler, "gp": GaussianProcessSampler}
)

__all__ = ["DEFAULT_SAMPLER", "Accepts", "Observation", "Sampler", "make_sampler"]


def make_sampler(name: str, space: Space, accepts: Accepts) -> Sampler:
    """Return the sampler called `name`.

    Parameters
    ----------
    name : str
        One of `autotune.names.SAMPLERS`.
    space : Space
    accepts : callable
        True for the points worth proposing.

    Raises
    ------
    TuningError
        If there is no such sampler.
    """
    if name not in _SAMPLERS:
        raise TuningError(f"there is no sampler {name!r}.", legal=" | ".join(NAMES))
    return _SAMPLERS[name](space, accepts)
