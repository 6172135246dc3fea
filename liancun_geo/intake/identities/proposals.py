"""Decisions that would settle what is wrong with the villages of the boundary layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from liancun_geo.decisions import (
    CodeDecision,
    Decision,
    DropRowDecision,
    HeaderDecision,
    Replay,
    SameNameDecision,
    ValueDecision,
    accepting,
)
from liancun_geo.errors import Fault
from liancun_geo.intake.identities.content import Unused
from liancun_geo.intake.identities.identity import is_missing, key_of, township_of
from liancun_geo.intake.identities.left_out import OF_CODES
from liancun_geo.intake.identities.read_table import ReadTable
from liancun_geo.intake.ledgers.cells import as_found

_NEAR_M: Final = 50.0
_OF_SHAPES: Final = (
    "intake.geometry_missing",
    "intake.geometry_empty",
    "intake.geometry_no_polygon",
    "intake.geometry_not_finite",
    "intake.geometry_beyond_repair",
)


class Proposals:
    """What a person could decide on faults of the boundary layer.

    Parameters
    ----------
    table
        Attributes of the layer.
    geometry
        Usable polygons, projected, index: position of the feature; None if there are none.
    replay
        A column that was decided on is not proposed for anything else.
    """

    def __init__(self, table: ReadTable, geometry: gpd.GeoSeries | None, replay: Replay) -> None:
        self._table, self._geometry, self._replay = table, geometry, replay

    @cached_property
    def unused(self) -> Unused:
        """The columns that are no field yet."""
        raw = self._table.raw
        taken = {column.position for column in self._table.columns.values()}
        taken |= {part.position for c in self._table.columns.values() for part in c.parts}
        decided = {
            decision.header
            for decision in self._replay.decisions
            if isinstance(decision, HeaderDecision)
            and (decision.file, decision.sheet) == (raw.file, raw.sheet)
        }
        taken |= {n for n, header in enumerate(raw.headers) if header in decided}
        return Unused(raw, taken, self._geometry)

    def on(self, faults: Sequence[Fault]) -> list[Fault]:
        """Return faults, those of this layer with what would settle them."""
        file = self._table.raw.file
        return [
            fault.proposing(*self._fixes(fault)) if fault.where.file == file else fault
            for fault in faults
        ]

    def _fixes(self, fault: Fault) -> list[Decision]:
        if fault.key in ("intake.name_from_code", "intake.code_from_name"):
            return self._of_column(fault)
        if fault.severity != "error":
            return []
        if fault.key == "intake.no_identity":
            return [*self.unused.names(), *self.unused.codes()]
        features = fault.params.get("features")
        if fault.key == "intake.duplicate_name" and features:
            return self._of_namesakes(features)
        if fault.key == "intake.duplicate_code" and features:
            return self._of_one_code(features)
        if fault.key == "intake.parts_contradict" and features:
            return self._of_parts(features, fault.params["column"])
        row = fault.where.row
        feature = None if row is None else self._feature_of.get(row)
        if feature is None:
            return []
        if fault.key == "intake.name_missing":
            return self._of_nameless(feature)
        if fault.key in OF_CODES:
            known = self._table.cell(feature, "name") is not None
            none = [CodeDecision(**self._table.identity(feature), right="")] if known else []
            return [*none, self._without(feature)]
        return [self._without(feature)] if fault.key in _OF_SHAPES else []

    @cached_property
    def _feature_of(self) -> dict[int, int]:
        return {row: feature for feature, row in enumerate(self._table.raw.rows)}

    def _of_column(self, fault: Fault) -> list[Decision]:
        """Ask for the column only where there seems to be one; else it is for information."""
        wanted = "name" if fault.key == "intake.name_from_code" else "code"
        if wanted in self._table.columns:
            return []
        found = self.unused.names() if wanted == "name" else self.unused.codes()
        return [*found, accepting(fault)] if found else []

    def _of_nameless(self, feature: int) -> list[Decision]:
        column = self._table.columns["name"]
        cell = self._table.raw.cells.iloc[feature, column.position]
        row = self._table.raw.rows[feature]
        named = ValueDecision(
            **self._table.identity(feature),
            header=column.header,
            found=as_found(cell),
            # A name that nobody takes for a real one.
            value=f"无名村{row}",
        )
        return [named, *self.unused.codes(), self._without(feature)]

    def _of_namesakes(self, features: Sequence[int]) -> list[Decision]:
        values = self._table.attributes
        about: dict[str, Any] = {
            "file": self._table.raw.file,
            "township": township_of(values, features[0]),
            "name": key_of(self._table.cell(features[0], "name")),
        }
        readings = [SameNameDecision(**about, meaning=m) for m in ("several", "one")]
        if self._apart_m(features) <= _NEAR_M:
            readings.reverse()
        columns = self.unused.codes()
        if about["township"] is None:
            columns += self.unused.townships()
        drop = [self._without(feature) for feature in features] if len(features) == 2 else []
        return [*columns, *readings, *drop]

    def _of_one_code(self, features: Sequence[int]) -> list[Decision]:
        """Propose that one of two villages has no code, or that their two names are one."""
        if len(features) != 2:
            return []
        first, second = features
        names = [self._table.cell(feature, "name") for feature in features]
        one = self._meaning(second, "name", names[0])
        other = [
            CodeDecision(**self._table.identity(feature), right="") for feature in (second, first)
        ]
        apart = self._apart_m(features) > _NEAR_M
        return [*other, one] if apart else [one, *other]

    def _of_parts(self, features: Sequence[int], column: str) -> list[Decision]:
        """Propose the value of one part for the other."""
        values = self._table.attributes[column]
        given = [f for f in features if not is_missing(values.iloc[f])]
        if len(given) != 2 or column not in self._table.columns:
            return []
        cells = self._table.raw.cells.iloc[:, self._table.columns[column].position]
        first, second = given
        return [
            self._meaning(second, column, as_found(cells.iloc[first])),
            self._meaning(first, column, as_found(cells.iloc[second])),
        ]

    def _meaning(self, feature: int, column: str, value: str) -> ValueDecision:
        known = self._table.columns[column]
        return ValueDecision(
            **self._table.identity(feature),
            header=known.header,
            found=as_found(self._table.raw.cells.iloc[feature, known.position]),
            value=value,
        )

    def _without(self, feature: int) -> DropRowDecision:
        return DropRowDecision(**self._table.identity(feature))

    def _apart_m(self, features: Sequence[int]) -> float:
        """Return the greatest distance from the first of some features to another."""
        if self._geometry is None:
            return float("inf")
        shapes = self._geometry.reindex(pd.Index(features))
        first, *others = np.asarray(shapes.array, dtype=object)
        apart = [shapely.distance(first, other) for other in others]
        return max((float("inf") if np.isnan(d) else float(d) for d in apart), default=0.0)
