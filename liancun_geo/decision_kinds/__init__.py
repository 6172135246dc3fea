"""The kinds of decisions on faults of the data: what each says, and how it reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from liancun_geo.decision_kinds.bases import (
    AnyDecision,
    OfColumn,
    OfFile,
    OfRow,
    name_of,
    short_code,
)
from liancun_geo.decision_kinds.of_columns import (
    CellsDecision,
    HeaderDecision,
    RowsUnitDecision,
    UnitDecision,
)
from liancun_geo.decision_kinds.of_files import (
    AxisOrderDecision,
    CrsDecision,
    EncodingDecision,
    LayerDecision,
)
from liancun_geo.decision_kinds.of_findings import (
    AcceptDecision,
)
from liancun_geo.decision_kinds.of_map import (
    ContiguityDecision,
    LinkDecision,
    LinksDecision,
)
from liancun_geo.decision_kinds.of_rows import (
    CodeDecision,
    DropRowDecision,
    MatchDecision,
    ValueDecision,
)
from liancun_geo.decision_kinds.of_villages import (
    ExcludeDecision,
    KeepDecision,
    SameNameDecision,
    TownshipDecision,
)

__all__ = [
    "AcceptDecision",
    "AnyDecision",
    "AxisOrderDecision",
    "CellsDecision",
    "CodeDecision",
    "ContiguityDecision",
    "CrsDecision",
    "Decision",
    "DropRowDecision",
    "EncodingDecision",
    "ExcludeDecision",
    "HeaderDecision",
    "KeepDecision",
    "LayerDecision",
    "LinkDecision",
    "LinksDecision",
    "MatchDecision",
    "OfColumn",
    "OfFile",
    "OfRow",
    "RowsUnitDecision",
    "SameNameDecision",
    "TownshipDecision",
    "UnitDecision",
    "ValueDecision",
    "name_of",
    "short_code",
]

Decision = Annotated[
    LayerDecision
    | EncodingDecision
    | CrsDecision
    | AxisOrderDecision
    | HeaderDecision
    | UnitDecision
    | RowsUnitDecision
    | CellsDecision
    | ValueDecision
    | MatchDecision
    | CodeDecision
    | SameNameDecision
    | TownshipDecision
    | DropRowDecision
    | ExcludeDecision
    | KeepDecision
    | LinkDecision
    | LinksDecision
    | ContiguityDecision
    | AcceptDecision,
    Field(discriminator="kind"),
]
