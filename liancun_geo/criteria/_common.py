"""What the lead score and the pair cost share: weights, tags, names for messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from liancun_geo.errors import Fault, SettingsError, Where, error
from liancun_geo.messages import Listing
from liancun_geo.settings import CriteriaSettings
from liancun_geo.villages import FIELDS

NAMES_SHOWN = 5


def check_settings(settings: CriteriaSettings) -> None:
    """Refuse settings under which no score can be computed.

    Raises
    ------
    SettingsError
        If all lead weights or all pair weights are zero, or so much is capped at both ends that
        nothing is left in between. With every such fault.
    """
    faults: list[Fault] = []
    if not any(settings.lead_weights.model_dump().values()):
        faults.append(error("criteria.lead_weights_zero", Where(field="criteria.lead_weights")))
    if not any(settings.pair_weights.model_dump().values()):
        faults.append(error("criteria.pair_weights_zero", Where(field="criteria.pair_weights")))
    if settings.winsorise >= 0.5:
        where = Where(field="criteria.winsorise")
        faults.append(error("criteria.winsorise_too_large", where, share=settings.winsorise))
    if faults:
        raise SettingsError(faults)


def normalised(weights: Mapping[str, float], available: Iterable[str]) -> Mapping[str, float]:
    """Return the weights of the available names scaled to add up to 1, the others as 0.

    All are 0 if no available name has a weight.
    """
    usable = set(available)
    kept = {name: weight if name in usable else 0.0 for name, weight in weights.items()}
    largest = max(kept.values(), default=0.0)
    if largest == 0.0:
        return MappingProxyType(kept)
    # By the largest first: the plain sum of huge weights overflows.
    shares = {name: weight / largest for name, weight in kept.items()}
    total = sum(shares.values())
    return MappingProxyType({name: share / total for name, share in shares.items()})


def tag_sets(column: pd.Series[Any]) -> list[tuple[str, ...] | None]:
    """Return the tags of each village, sorted and without repeats; ``None`` where unknown."""
    return [
        None
        if value is None or (np.ndim(value) == 0 and pd.isna(value))
        else tuple(sorted({*value}))
        for value in column.tolist()
    ]


def first_names(frame: pd.DataFrame, mask: NDArray[np.bool_]) -> str:
    """Return township and name of the first few villages under ``mask``, for a message."""
    rows = frame.loc[mask, ["township", "name"]].head(NAMES_SHOWN)
    return Listing(f"{township}{name}" for township, name in rows.itertuples(index=False))


def labels(field: str) -> dict[str, Any]:
    """Return the names of a field as the places ``indicator_zh`` and ``indicator_en``."""
    return {"indicator_zh": FIELDS[field].zh, "indicator_en": FIELDS[field].en}


def readonly(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, closed to writing."""
    array.setflags(write=False)
    return array
