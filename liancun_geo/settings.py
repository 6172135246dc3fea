"""Settings: every number a planner may change, named, with its default and its unit.

A settings file is TOML with one table per class below. Unknown names are faults, so a
misspelt rule never passes unnoticed; all faults of a file are reported at once.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from liancun_geo.errors import SettingsError, Where, error
from liancun_geo.villages import FIELDS

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataSettings(_Table):
    """How the input files are read."""

    layer: str | None = None
    """Layer of the boundary file; needed only if it holds several."""
    encoding: str | None = None
    """Text encoding of the shapefile, overriding .cpg and detection (``"gbk"``, ``"utf-8"``)."""
    crs: str | None = None
    """CRS of a boundary file that states none, for example ``"EPSG:4527"``. Never overrides one."""
    projected_crs: str | None = None
    """Projected CRS in metres to work in; chosen from the data and reported if not given."""
    sheets: tuple[str, ...] = ()
    """Ledger sheets to read; all of them if empty."""
    on_unmatched: Literal["stop", "exclude", "keep"] = "stop"
    """Villages without a ledger row or without a boundary, ledger rows without a village:
    stop and list them; leave them out and list them; or (boundary without row only) plan the
    village with its indicators missing."""


class ContiguitySettings(_Table):
    """Which villages count as neighbours."""

    min_shared_border_m: Length = 30.0
    """Shortest shared border, in metres, that makes two villages neighbours."""
    gap_tolerance_m: Length = 2.0
    """Borders closer than this are shared: surveyed borders seldom match to the millimetre."""
    parts: Literal["all", "main"] = "main"
    """Whether a multipart village touches its neighbours with every part, or only the largest."""
    links: tuple[tuple[str, str], ...] = ()
    """Pairs of village codes that are neighbours whatever the map says (a bridge, a tunnel)."""
    barriers: tuple[str, ...] = ()
    """Line or polygon layers (rivers, motorways), relative to the settings file: a shared border
    running along one of them does not count."""
    barrier_tolerance_m: Length = 20.0
    """A border this close to a barrier runs along it."""


class LeadWeights(_Table):
    """Weights of the lead score; they need not add up to one."""

    collective_income: Weight = 0.35
    party_members: Weight = 0.20
    population: Weight = 0.20
    income_per_head: Weight = 0.10
    enterprises: Weight = 0.15


class Gates(_Table):
    """Who may not lead, whatever the score. Each can be switched off."""

    weak_organisation: bool = True
    """软弱涣散 villages do not lead."""
    to_be_relocated: bool = True
    """搬迁撤并 villages do not lead."""
    secretary_in_post: bool = True
    """A village without a serving secretary does not lead."""


class PairWeights(_Table):
    """Weights of the pair cost; they need not add up to one."""

    proximity: Weight = 0.40
    industry_similarity: Weight = 0.15
    industry_complementarity: Weight = 0.15
    strength_contrast: Weight = 0.30


class CriteriaSettings(_Table):
    """How villages are scored and paired."""

    lead_weights: LeadWeights = LeadWeights()
    gates: Gates = Gates()
    pair_weights: PairWeights = PairWeights()
    winsorise: Share = 0.05
    """Share of villages at each end whose indicator is capped before scaling, so that one very
    rich village does not flatten all others."""
    proximity_scale_km: Annotated[float, Field(gt=0)] | None = None
    """Distance at which the proximity cost reaches 1; if not given, the 95th percentile of the
    distances between villages of one zone, which is reported and stored with the plan."""
    complementary: tuple[tuple[str, str], ...] = (
        ("种植", "农产品加工"),
        ("粮食", "农产品加工"),
        ("林果", "农产品加工"),
        ("蔬菜", "农产品加工"),
        ("养殖", "农产品加工"),
        ("粮食", "养殖"),
        ("林果", "乡村旅游"),
        ("民宿", "乡村旅游"),
        ("农产品加工", "电商"),
        ("林果", "电商"),
    )
    """Pairs of industries that feed each other, in either direction."""


class RuleSettings(_Table):
    """What every alliance must satisfy."""

    min_size: Annotated[int, Field(ge=1)] = 4
    """Fewest villages in an alliance, lead included."""
    max_size: Annotated[int, Field(ge=1, le=60)] = 8
    """Most villages in an alliance, lead included."""
    zone_field: Literal["township_code", "township", "county", "none"] = "township_code"
    """An alliance stays inside one zone."""
    coverage: Literal["full", "partial"] = "full"
    """``full``: every village that the rules let in is placed; ``partial``: a village may be left
    out at ``unassigned_cost``."""
    unassigned_cost: Weight = 1.0
    """Cost of leaving a village out under partial coverage; a pair costs between 0 and 1."""
    lead_cost_weight: Weight = 1.0
    """Cost of a lead is this weight times (1 - lead score)."""
    size_cost: dict[int, Annotated[float, Field(allow_inf_nan=False)]] = {}
    """Extra cost of an alliance by its number of villages."""
    max_distance_km: Annotated[float, Field(gt=0)] | None = None
    """Greatest distance from lead to member."""
    excluded: tuple[str, ...] = ()
    """Codes of villages that do not take part (consent withheld)."""

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Self:
        if self.min_size > self.max_size:
            raise ValueError(f"min_size {self.min_size} > max_size {self.max_size}")
        return self


class SolverSettings(_Table):
    """How long and how widely to search."""

    time_limit_s: Annotated[float, Field(gt=0)] = 60.0
    workers: Annotated[int, Field(ge=1)] | None = None
    """Threads; as many as the machine has if not given. The plan does not depend on it."""
    seed: Annotated[int, Field(ge=0)] = 0


class Settings(_Table):
    """Everything a planner may change."""

    data: DataSettings = DataSettings()
    fields: dict[str, str] = {}
    """Name of the village table -> header in the files, where the usual headers do not apply."""
    contiguity: ContiguitySettings = ContiguitySettings()
    criteria: CriteriaSettings = CriteriaSettings()
    rules: RuleSettings = RuleSettings()
    solver: SolverSettings = SolverSettings()

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        unknown = sorted(set(self.fields) - set(FIELDS))
        if unknown:
            raise ValueError(f"[fields] {', '.join(unknown)}; known: {', '.join(FIELDS)}")
        return self


def read_settings(path: Path | str) -> Settings:
    """Read a settings file.

    Parameters
    ----------
    path
        TOML file, UTF-8.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    path = Path(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as cause:
        raise SettingsError(
            [
                error(
                    "settings.unreadable", Where(file=str(path)), cause=cause.strerror or str(cause)
                )
            ]
        ) from cause
    except UnicodeDecodeError as cause:
        raise SettingsError([error("settings.not_utf8", Where(file=str(path)))]) from cause
    except tomllib.TOMLDecodeError as cause:
        raise SettingsError(
            [error("settings.not_toml", Where(file=str(path)), cause=str(cause))]
        ) from cause
    return parse_settings(tables, file=str(path))


_LIMITS = ("ge", "gt", "le", "lt", "expected")
# Pydantic speaks English only; what planners get wrong most is said in their language.
_SENTENCES = {
    "extra_forbidden": "settings.unknown_name",
    "missing": "settings.entry_missing",
    "literal_error": "settings.not_a_choice",
    "greater_than_equal": "settings.below_least",
    "greater_than": "settings.not_above",
    "less_than_equal": "settings.above_most",
    "less_than": "settings.not_below",
    "finite_number": "settings.not_a_number",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "settings.not_whole"),
    **dict.fromkeys(("float_type", "float_parsing"), "settings.not_a_number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "settings.not_true_or_false"),
    "string_type": "settings.not_text",
}


def parse_settings(tables: dict[str, Any], *, file: str | None = None) -> Settings:
    """Validate settings given as nested tables.

    Raises
    ------
    SettingsError
        With every fault.
    """
    try:
        return Settings.model_validate(tables)
    except ValidationError as cause:
        raise SettingsError(
            error(
                _SENTENCES.get(fault["type"], "settings.invalid"),
                Where(file=file, field=".".join(str(part) for part in fault["loc"]) or None),
                cause=fault["msg"],
                value=repr(fault["input"])[:80],
                limit=next(
                    (limit for name, limit in fault.get("ctx", {}).items() if name in _LIMITS), ""
                ),
            )
            for fault in cause.errors()
        ) from cause
