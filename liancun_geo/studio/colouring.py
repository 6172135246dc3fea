"""Which colour an alliance has, in every step and every plan of one desk: the same one for life."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liancun_geo.output.picture.colours import PALETTE
from liancun_geo.output.picture.scene import Scene, plan_colours
from liancun_geo.scenario import Scenario
from liancun_geo.studio.lasting_colours import LastingColours
from liancun_geo.villages import townships_of

__all__ = ["Colouring", "painted"]

_MOST_PLANS = 500
_MOST_KEPT = 40


@dataclass
class Colouring:
    """The colours of one county's alliances, begun with those that the first plan has on paper.

    A plan that was seen before looks as it did then: undo brings the colours back, too.
    """

    so_far: LastingColours | None = None
    _seen: dict[bytes, dict[int, int]] = field(default_factory=dict)
    _last: bytes = b""
    _kept: dict[str, str] = field(default_factory=dict)
    _document: tuple[object, Mapping[str, Any]] | None = None

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Colouring:
        """Return the colours that :meth:`document` told; none yet if it makes no sense."""
        try:
            by_lead, by_village = (_colours(document[name]) for name in ("leads", "villages"))
            kept = dict(document["plans"])
            digits = all(re.fullmatch(r"[0-9]*", plan) for plan in kept.values())
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()
        return cls(LastingColours(by_lead, by_village), _kept=kept) if digits else cls()

    def document(self) -> Mapping[str, Any]:
        """Return all there is to be known as JSON, for the project; empty before the first plan.

        Codes by the colour they have, and of the plans seen last the colour of each alliance in
        the order of their leads, a digit each.
        """
        if self.so_far is None:
            return {}
        if self._document is None or self._document[0] is not self.so_far:
            seen = {_key(plan): _digits(known) for plan, known in self._seen.items()}
            plans = list({**self._kept, **seen}.items())[-_MOST_KEPT:]
            told = {
                "leads": _by_colour(self.so_far.by_lead),
                "villages": _by_colour(self.so_far.by_village),
                "plans": dict(plans),
            }
            self._document = self.so_far, told
        return self._document[1]

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
        kept = self._kept.get(_key(key), "")
        if key not in self._seen and len(kept) == len(leads):
            self._seen[key] = dict(zip(sorted(leads), map(int, kept), strict=True))
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


def _key(plan: bytes) -> str:
    return hashlib.sha256(plan).hexdigest()[:24]


def _digits(known: Mapping[int, int]) -> str:
    return "".join(str(known[lead]) for lead in sorted(known))


def _by_colour(colours: Mapping[str, int]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for code, colour in colours.items():
        told.setdefault(str(colour), []).append(code)
    return told


def _colours(told: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the colours of codes; whatever a file from a stranger says is checked."""
    found = {str(code): int(colour) for colour, codes in told.items() for code in codes}
    if not all(0 <= colour < len(PALETTE) for colour in found.values()):
        raise ValueError("no such colour")
    return found


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
