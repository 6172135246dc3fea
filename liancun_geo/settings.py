"""Settings: every number a planner may change, named, with its default and its unit.

A settings file is TOML with one table per class below. Unknown names are faults, so a
misspelt rule never passes unnoticed; all faults of a file are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from liancun_geo.benefit_rules import BenefitSettings, QualitySettings
from liancun_geo.decisions import (
    ContiguityDecision,
    Decision,
    LinkDecision,
    LinksDecision,
    in_force,
    read_decisions,
)
from liancun_geo.messages import Listing
from liancun_geo.place_rules import PlacesSettings
from liancun_geo.rule_settings import RuleSettings
from liancun_geo.setting_values import (
    DrawnLines,
    LayerNames,
    Length,
    Share,
    Weight,
)
from liancun_geo.speeds import DEFAULT_SPEEDS_KM_H, class_name
from liancun_geo.tables import Table, read_toml, validated
from liancun_geo.type_rules import TypeSettings
from liancun_geo.villages import FIELDS


class DataSettings(Table):
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
    decisions: str | None = None
    """File of decisions on faults of the data, relative to the settings file."""
    places: LayerNames = ()
    """Lists or point layers of enterprises, parks, institutions, resettlement sites and
    communities, relative to the settings file."""
    on_unmatched: Literal["stop", "exclude", "keep"] = "stop"
    """Villages without a ledger row or without a boundary, ledger rows without a village:
    stop and list them; leave them out and list them; or (boundary without row only) plan the
    village with its indicators missing."""


class ContiguitySettings(Table):
    """Which villages count as neighbours."""

    min_shared_border_m: Length = 30.0
    """Shortest shared border, in metres, that makes two villages neighbours."""
    gap_tolerance_m: Length = 2.0
    """Borders closer than this are shared: surveyed borders seldom match to the millimetre."""
    parts: Literal["all", "main"] = "main"
    """Whether a multipart village touches its neighbours with every part, or only the largest."""
    links: tuple[tuple[str, str], ...] = ()
    """Pairs of village codes that are neighbours whatever the map says (a bridge, a tunnel)."""
    barriers: LayerNames = ()
    """Line or polygon layers (rivers, motorways), relative to the settings file: a shared border
    running along one of them does not count."""
    drawn_barriers: DrawnLines = ()
    """Barriers drawn by hand on the app's map: lines of [longitude, latitude], WGS84 degrees."""
    barrier_tolerance_m: Length = 20.0
    """A border this close to a barrier runs along it."""
    bridges: LayerNames = ()
    """Layers of bridges, fords, tunnels (points, lines or polygons), relative to the settings
    file: a border cut by a barrier counts again where one of them leads across."""
    bridges_from_roads: bool = False
    """Whether roads of ``travel.roads`` that cross a barrier are bridges."""
    bridge_tolerance_m: Length = 50.0
    """A bridge this close to a border leads across it."""


class TravelSettings(Table):
    """Roads, and how long the way from one village to another takes."""

    roads: LayerNames = ()
    """Line layers of roads, relative to the settings file."""
    class_field: str | None = None
    """Column with the class of a road, where the usual headers do not apply."""
    speeds_km_h: dict[str, Annotated[float, Field(ge=0, le=200)]] = Field(
        default_factory=lambda: dict(DEFAULT_SPEEDS_KM_H)
    )
    """Class of a road -> km/h; 0: not travelled on. What is given here goes before the default
    of the same class and leaves all others as they are."""
    unknown_km_h: Annotated[float, Field(gt=0, le=200)] = 20.0
    """Speed on roads whose class is missing or unknown."""
    walking_km_h: Annotated[float, Field(gt=0, le=50)] = 5.0
    """Speed from a village to its road, and where no road leads."""
    snap_tolerance_m: Annotated[float, Field(ge=0, le=100)] = 5.0
    """Ends of roads closer than this to each other or to another road are joined."""
    max_access_m: Length = 1000.0
    """Farthest road, as the crow flies, that a village still uses."""
    seats: str | None = None
    """Point layer of village seats, relative to the settings file: ways start there and not in
    the middle of the village."""
    detour_factor: Annotated[float, Field(ge=1, le=5)] = 1.0
    """How much longer a way is than the straight line, where roads do not say it."""

    @field_validator("speeds_km_h", mode="before")
    @classmethod
    def _beside_the_defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {**DEFAULT_SPEEDS_KM_H, **{class_name(name): v for name, v in given.items()}}


class LeadWeights(Table):
    """Weights of the lead score; they need not add up to one."""

    collective_income: Weight = 0.35
    party_members: Weight = 0.20
    population: Weight = 0.20
    income_per_head: Weight = 0.10
    enterprises: Weight = 0.15


class Gates(Table):
    """Who may not lead, whatever the score. Each can be switched off."""

    weak_organisation: bool = True
    """软弱涣散 villages do not lead."""
    to_be_relocated: bool = True
    """搬迁撤并 villages do not lead."""
    secretary_in_post: bool = True
    """A village without a serving secretary does not lead."""


class PairWeights(Table):
    """Weights of the pair cost; they need not add up to one."""

    proximity: Weight = 0.40
    industry_similarity: Weight = 0.15
    industry_complementarity: Weight = 0.15
    strength_contrast: Weight = 0.30


class CriteriaSettings(Table):
    """How villages are scored and paired."""

    lead_weights: LeadWeights = LeadWeights()
    gates: Gates = Gates()
    pair_weights: PairWeights = PairWeights()
    winsorise: Share = 0.05
    """Share of villages at each end whose indicator is capped before scaling, so that one very
    rich village does not flatten all others."""
    proximity: Literal["straight_line", "travel_time"] = "straight_line"
    """What ``proximity`` is measured by; ``travel_time`` needs ``travel.roads``."""
    proximity_scale_min: Annotated[float, Field(gt=0)] | None = None
    """Minutes at which the proximity cost reaches 1, for ``travel_time``; if not given, the 95th
    percentile of the times between villages of one zone, which is reported."""
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


class SolverSettings(Table):
    """How long and how widely to search."""

    time_limit_s: Annotated[float, Field(gt=0)] = 60.0
    method: Literal["auto", "listing", "assignment", "search"] = "auto"
    """How zones are solved; chosen by their size if ``"auto"``. It never changes what is meant."""
    workers: Annotated[int, Field(ge=1)] | None = None
    """Threads; as many as the machine has if not given. The plan does not depend on it."""
    seed: Annotated[int, Field(ge=0)] = 0


class Settings(Table):
    """Everything a planner may change."""

    data: DataSettings = DataSettings()
    fields: dict[str, str] = Field(default_factory=dict)
    """Name of the village table -> header in the files, where the usual headers do not apply."""
    contiguity: ContiguitySettings = ContiguitySettings()
    travel: TravelSettings = TravelSettings()
    criteria: CriteriaSettings = CriteriaSettings()
    rules: RuleSettings = RuleSettings()
    solver: SolverSettings = SolverSettings()
    places: PlacesSettings = PlacesSettings()
    types: TypeSettings = TypeSettings()
    benefit: BenefitSettings = BenefitSettings()
    quality: QualitySettings = QualitySettings()
    decisions: tuple[Decision, ...] = ()
    """What was decided on faults of the data; usually in a file of its own, see
    ``data.decisions``."""

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        unknown = sorted(set(self.fields) - set(FIELDS))
        if unknown:
            raise ValueError(f"[fields] {', '.join(unknown)}; known: {', '.join(FIELDS)}")
        return self

    @model_validator(mode="after")
    def _roads_where_needed(self) -> Self:
        wanted = {
            "criteria.proximity": self.criteria.proximity == "travel_time",
            "rules.max_travel_min": self.rules.max_travel_min is not None,
            "contiguity.bridges_from_roads": self.contiguity.bridges_from_roads,
        }
        names = Listing(name for name, needs in wanted.items() if needs)
        if names and not self.travel.roads:
            raise PydanticCustomError(
                "roads_needed", "{expected} needs travel.roads", {"expected": names}
            )
        return self

    @property
    def side_layers(self) -> tuple[str, ...]:
        """All layers beside the boundaries, as the settings name them."""
        seats = () if self.travel.seats is None else (self.travel.seats,)
        lines = (*self.contiguity.barriers, *self.contiguity.bridges, *self.travel.roads)
        return (*lines, *seats, *self.data.places)

    @property
    def contiguity_in_force(self) -> ContiguitySettings:
        """How neighbours are found, with what was decided on links and tolerances."""
        decided: dict[str, Any] = {}
        links = list(self.contiguity.links)
        for decision in in_force(self.decisions):
            if isinstance(decision, LinkDecision):
                links.append(decision.villages)
            elif isinstance(decision, LinksDecision):
                links.extend(decision.pairs)
            elif isinstance(decision, ContiguityDecision):
                chosen = decision.model_dump(include={"gap_tolerance_m", "min_shared_border_m"})
                decided |= {name: value for name, value in chosen.items() if value is not None}
        return self.contiguity.model_copy(update={**decided, "links": tuple(dict.fromkeys(links))})

    def deciding(self, decisions: Iterable[Decision]) -> Self:
        """Return these settings with the confirmed ones of more decisions."""
        return self.model_copy(update={"decisions": (*self.decisions, *in_force(decisions))})


def read_settings(path: Path | str) -> Settings:
    """Read a settings file, and the file of decisions it names.

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
    settings = parse_settings(read_toml(path), file=str(path))
    if settings.data.decisions is None:
        return settings
    return settings.deciding(read_decisions(path.parent / settings.data.decisions))


def parse_settings(tables: dict[str, Any], *, file: str | None = None) -> Settings:
    """Validate settings given as nested tables.

    Raises
    ------
    SettingsError
        With every fault.
    """
    return validated(Settings, tables, file=file)
