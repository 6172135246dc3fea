"""Villages of unknown township: what was decided on them, and what could be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import PurePath
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from liancun_geo.decisions import Replay, TownshipDecision
from liancun_geo.errors import Fault, Where, error, warning
from liancun_geo.intake.identities.content import Unused
from liancun_geo.intake.identities.identity import WhereOf, without_township
from liancun_geo.intake.identities.joining import Joined
from liancun_geo.intake.identities.register import Register
from liancun_geo.messages import Listing

_ONE_BY_ONE: Final = 5
_SHOWN: Final = 5
_NEAREST: Final = 3
_LOOKED_AT: Final = 30


class Townships:
    """The villages to plan whose township neither the map nor the ledger gives.

    Parameters
    ----------
    joined
        Villages with what both files say; township names and excluded villages are changed as
        decided.
    groups
        Positions of the features of each village.
    geometry
        Usable polygons, projected, index: position of the feature; None if there are none.
    where_of
        Position of a village -> its place in the boundary file.
    replay
        ``township`` decisions.
    """

    def __init__(
        self,
        joined: Joined,
        groups: Sequence[Sequence[int]],
        geometry: gpd.GeoSeries | None,
        where_of: WhereOf,
        replay: Replay,
    ) -> None:
        self.joined, self.where_of, self.replay = joined, where_of, replay
        kept = joined.attributes.iloc[joined.kept]
        self._register = Register(joined.attributes)
        # What has neither code nor name is asked about as such, and cannot be referred to.
        self._nameless = set(self._register.nameless)
        unknown = [joined.kept[n] for n in without_township(kept)]
        self.unknown = [village for village in unknown if village not in self._nameless]
        self._groups, self._geometry = groups, geometry

    def settle(self) -> None:
        """Do what was decided."""
        if not any(isinstance(d, TownshipDecision) for d in self.replay.decisions):
            return
        towns: dict[int, str] = {}
        out: list[int] = []
        for village in self.unknown:
            decision = self._decided(village)
            if decision is None:
                continue
            if decision.meaning == "excluded":
                out.append(village)
            elif decision.name is not None:
                towns[village] = decision.name.strip()
            elif near := self._near(village):
                towns[village] = near[0]
        attributes = self.joined.attributes
        if towns:
            blank = [None] * len(attributes)
            names = attributes["township"].tolist() if "township" in attributes else blank
            known = [towns.get(n, name) for n, name in enumerate(names)]
            self.joined.attributes = attributes.assign(township=known).astype({"township": object})
        self.joined.kept = [village for village in self.joined.kept if village not in out]
        told = [warning("names.village_excluded", self.where_of(village)) for village in out]
        self.joined.excluded.extend(told)
        self.unknown = [v for v in self.unknown if v not in towns and v not in out]

    def faults(self, unused: Unused, file: str) -> list[Fault]:
        """Ask for the townships still unknown: one by one if they are few, else at once."""
        if not self.unknown:
            return []
        if len(self.unknown) == len(set(self.joined.kept) - self._nameless):
            name = PurePath(file).name.partition(".")[0]
            fixes: list[Any] = unused.townships()
            fixes.append(TownshipDecision(file=file, meaning="named", name=name))
            return [self._on_all("intake.zone_missing", file).proposing(*fixes)]
        if len(self.unknown) <= _ONE_BY_ONE:
            return [self._on_one(village, file) for village in self.unknown]
        every = (
            TownshipDecision(file=file, meaning="nearest"),
            TownshipDecision(file=file, meaning="excluded"),
        )
        return [self._on_all("intake.zones_missing_some", file).proposing(*every)]

    def _on_all(self, key: str, file: str) -> Fault:
        register = self._register
        names = [register.names[village] or self._called(village) for village in self.unknown]
        shown = Listing(names[:_SHOWN])
        return error(key, Where(file=file), count=len(self.unknown), examples=shown)

    def _on_one(self, village: int, file: str) -> Fault:
        called = self._called(village)
        about: dict[str, Any] = {"file": file, "village": called}
        fixes = [
            TownshipDecision(**about, meaning="named", name=town) for town in self._near(village)
        ]
        fixes.append(TownshipDecision(**about, meaning="excluded"))
        return error("intake.zone_missing_one", self.where_of(village)).proposing(*fixes)

    def _called(self, village: int) -> str:
        return self._register.codes[village] or str(self._register.names[village])

    def _decided(self, village: int) -> TownshipDecision | None:
        where = self.where_of(village)
        own = self.replay.of_township(where, self._called(village))
        return self.replay.of_township(where, None) if own is None else own

    def _near(self, village: int) -> list[str]:
        """Return the townships nearest to a village, each once."""
        shapes, known, tree = self._settled
        if not known or shapely.is_empty(shapes[village]):
            return []
        middle = shapely.get_coordinates(shapely.centroid(shapes[village]))[0]
        far, found = tree.query(middle, k=min(_LOOKED_AT, len(known)))
        far, found = np.atleast_1d(far), np.atleast_1d(found)
        apart = shapely.distance(shapes[np.array(known)[found]], shapes[village])
        # Of several that touch it, the one whose middle is nearest.
        ranked = found[np.lexsort((found, far, apart))].tolist()
        towns = dict.fromkeys(self._register.township(known[n]) for n in ranked)
        return [town for town in towns if town][:_NEAREST]

    @cached_property
    def _settled(self) -> tuple[NDArray[Any], list[int], cKDTree]:
        """Return the shape of every village, and where those lie whose township is known."""
        usable = {} if self._geometry is None else self._geometry.to_dict()
        shapes = np.array(
            [
                shapely.union_all([usable[part] for part in group if part in usable])
                for group in self._groups
            ],
            dtype=object,
        )
        unknown = set(self.unknown)
        kept = [village for village in self.joined.kept if village not in unknown]
        known = [village for village in kept if not shapely.is_empty(shapes[village])]
        middles = shapely.get_coordinates(shapely.centroid(shapes[known]))
        return shapes, known, cKDTree(middles.reshape(-1, 2))
