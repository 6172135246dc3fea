"""Which colour an alliance has, in every step and every plan of one desk: the same one for life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.output.picture.scene import Scene, plan_colours
from liancun_geo.scenario import Scenario
from liancun_geo.studio.lasting_colours import LastingColours
from liancun_geo.villages import townships_of

__all__ = ["Colouring", "painted"]

_MOST_PLANS = 500


@dataclass
class Colouring:
    """The colours of one county's alliances, begun with those that the first plan has on paper.

    A plan that was seen before looks as it did then: undo brings the colours back, too.
    """

    so_far: LastingColours | None = None
    _seen: dict[bytes, dict[int, int]] = field(default_factory=dict)
    _last: bytes = b""

    def of(
        self, scenario: Scenario, alliance_of: ArrayLike, leads: Sequence[int]
    ) -> tuple[int, ...]:
        """Return the colour of each alliance, as its place in the palette.

        Parameters
        ----------
        scenario
            Says where the villages lie and which of them touch; the plan may be another one.
        alliance_of
            (n,) alliance of each village, -1 if left out.
        leads
            (a,) lead village of each alliance.
        """
        of = np.asarray(alliance_of, dtype=np.intp)
        if self.so_far is None:
            first = [alliance.lead for alliance in scenario.alliances]
            self.so_far = LastingColours().seen_in(
                scenario.alliance_of, first, _codes(scenario), plan_colours(scenario)
            )
        key = np.append(np.asarray(leads, dtype=np.intp), -1)[of].tobytes()
        if key not in self._seen:
            there = townships_of(scenario.villages.frame)
            townships = [there.keys[place] for place in there.of]
            self.so_far, new = self.so_far.after(
                of, leads, _codes(scenario), _touching(scenario, of, leads), townships
            )
            self._seen[key] = dict(zip(leads, new, strict=True))
            while len(self._seen) > _MOST_PLANS:
                del self._seen[next(iter(self._seen))]
        known = self._seen[key]
        found = tuple(known[lead] for lead in leads)
        if key != self._last:
            # What is edited next begins with what is on show.
            self.so_far, self._last = self.so_far.seen_in(of, leads, _codes(scenario), found), key
        return found

    def lasting(self, scenario: Scenario) -> tuple[tuple[str, int], ...]:
        """Return the same by the codes of the lead villages, for whatever is written of a plan."""
        codes = _codes(scenario)
        leads = [codes[alliance.lead] for alliance in scenario.alliances]
        return tuple(zip(leads, self.of_plan(scenario), strict=True))

    def of_plan(self, scenario: Scenario) -> tuple[int, ...]:
        """Return the colour of each alliance of a plan as it was made."""
        leads = [alliance.lead for alliance in scenario.alliances]
        return self.of(scenario, scenario.alliance_of, leads)


def painted(scene: Scene, colours: tuple[int, ...]) -> Scene:
    """Return a drawing in other colours; the same one if they are its own."""
    return scene if colours == scene.colours else replace(scene, colours=colours)


def _codes(scenario: Scenario) -> list[str]:
    codes: list[str] = scenario.villages.frame["code"].fillna("").astype(str).tolist()
    return codes


def _touching(scenario: Scenario, of: NDArray[np.intp], leads: Sequence[int]) -> NDArray[np.intp]:
    """Return the pairs of villages that meet on the map, also where a barrier parts them.

    A village cut off from its lead is left out: what is soon mended recolours no alliance.
    """
    graph = scenario.contiguity
    barred = [(pair.i, pair.j) for pair in (*graph.barred, *graph.bridged)]
    edges = np.asarray(graph.edges, dtype=np.intp).reshape(-1, 2)
    pairs = np.concatenate((edges, np.array(barred, dtype=np.intp).reshape(-1, 2)))
    inner = pairs[of[pairs[:, 0]] == of[pairs[:, 1]]]
    links = coo_array((np.ones(len(inner)), (inner[:, 0], inner[:, 1])), shape=(len(of), len(of)))
    _, piece = connected_components(links, directed=False)
    home = np.append(piece[np.asarray(leads, dtype=np.intp)], -1)[of]
    joined: NDArray[np.bool_] = piece == home
    met: NDArray[np.intp] = pairs[joined[pairs].all(axis=1)]
    return met
