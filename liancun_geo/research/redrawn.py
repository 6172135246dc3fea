"""What many plans of the same villages say of one of them: who stays, who swings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from liancun_geo.arrays import BoolArray, FloatArray, IntArray
from liancun_geo.plan import UNASSIGNED, Plan
from liancun_geo.villages import VillageTable

SWING_BELOW = 0.8
"""A village that keeps its lead in fewer of the draws than this swings."""


@dataclass(frozen=True, eq=False)
class Redrawn:
    """The plan at hand beside the plans of many draws. All tables carry the caller's codes.

    Attributes
    ----------
    villages
        Of the county.
    base
        (n,) the plan at hand: position of each village's lead, -1 if left out.
    lead_of
        (d, n) the plan of each draw.
    proven
        (d,) whether it is proven best.
    drawn
        (d rows) what was drawn, with status and cost of each draw.
    asked
        How many draws were asked for; fewer were planned if time ran out.
    swing_below
        Share under which a village swings.
    """

    villages: VillageTable
    base: IntArray
    lead_of: IntArray
    proven: BoolArray
    drawn: pd.DataFrame
    asked: int
    swing_below: float = SWING_BELOW

    @property
    def draws(self) -> int:
        """How many draws were planned."""
        return len(self.lead_of)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name: ``villages``, ``alliances``, ``pairs``, ``draws``."""
        return {
            "villages": self.frame(),
            "alliances": self.alliances(),
            "pairs": self.pairs(),
            "draws": self.drawn,
        }

    def stays(self) -> FloatArray:
        """Return (n,) the share of the draws in which each village keeps its lead."""
        if self.draws == 0:
            return np.full(len(self.base), np.nan)
        share: FloatArray = (self.lead_of == self.base).mean(axis=0)
        return share

    def frame(self) -> pd.DataFrame:
        """Return a row a village.

        Columns: code, name, township, lead_code (blank if left out), kept (share of the draws
        with that lead), company (mean share of its alliance's villages that stay with it),
        rival_code and rival_share (the commonest other lead; blank: left out), leads (how many
        different ones), swing.
        """
        names, townships, codes = (
            [str(text) for text in self.villages.frame[column]]
            for column in ("name", "township", "code")
        )
        kept = self.stays()
        rows = []
        for village in range(len(codes)):
            leads, times = np.unique(self.lead_of[:, village], return_counts=True)
            others = [
                (-int(count), int(lead))
                for lead, count in zip(leads, times, strict=True)
                if lead != self.base[village]
            ]
            rival = min(others) if others else None
            rows.append(
                {
                    "code": codes[village],
                    "name": names[village],
                    "township": townships[village],
                    "lead_code": self._code(int(self.base[village])),
                    "kept": float(kept[village]),
                    "company": self._company(village),
                    "rival_code": None if rival is None else self._code(rival[1]),
                    "rival_share": 0.0 if rival is None else -rival[0] / max(1, self.draws),
                    "leads": len(leads),
                    "swing": bool(kept[village] < self.swing_below),
                }
            )
        return pd.DataFrame(rows)

    def swing_villages(self) -> pd.DataFrame:
        """Return the rows of the villages that swing, the least settled first."""
        frame = self.frame()
        swinging = frame[frame["swing"]]
        return swinging.sort_values(["kept", "code"], kind="stable").reset_index(drop=True)

    def alliances(self) -> pd.DataFrame:
        """Return a row an alliance of the plan at hand.

        Columns: lead_code, villages, exact (share of the draws with an alliance of exactly these
        villages, whoever leads), same_lead (with the same lead as well), lead_leads (in which its
        lead leads), jaccard and jaccard_min (mean and least overlap with the best match: Jaccard
        index of the villages; Hennig 2007, doi:10.1016/j.csda.2006.11.025).
        """
        rows = []
        for alliance in Plan.from_lead_of(self.base).alliances:
            inside = list(alliance.villages)
            best = np.zeros(self.draws)
            for row, lead_of in enumerate(self.lead_of):
                here = lead_of[inside]
                leads, shared = np.unique(here[here != UNASSIGNED], return_counts=True)
                sizes = np.array([int((lead_of == lead).sum()) for lead in leads])
                if len(leads):
                    best[row] = float((shared / (len(inside) + sizes - shared)).max())
            exact = best == 1.0
            leading = self.lead_of[:, alliance.lead] == alliance.lead
            some = self.draws > 0
            rows.append(
                {
                    "lead_code": self._code(alliance.lead),
                    "villages": alliance.size,
                    "exact": float(exact.mean()) if some else np.nan,
                    "same_lead": float((exact & leading).mean()) if some else np.nan,
                    "lead_leads": float(leading.mean()) if some else np.nan,
                    "jaccard": float(best.mean()) if some else np.nan,
                    "jaccard_min": float(best.min()) if some else np.nan,
                }
            )
        columns = ["lead_code", "villages", "exact", "same_lead", "lead_leads"]
        return pd.DataFrame(rows, columns=[*columns, "jaccard", "jaccard_min"])

    def pairs(self) -> pd.DataFrame:
        """Return a row for every two villages that share an alliance in the plan or in a draw.

        Columns: code_a, code_b, together (in the plan at hand), share (of the draws).
        """
        n = len(self.base)
        counts = np.zeros((n, n), dtype=np.intp)
        for lead_of in self.lead_of:
            for lead in np.unique(lead_of[lead_of != UNASSIGNED]).tolist():
                inside = np.flatnonzero(lead_of == lead)
                counts[np.ix_(inside, inside)] += 1
        now = (self.base[:, None] == self.base[None, :]) & (self.base != UNASSIGNED)[:, None]
        first, second = np.nonzero(np.triu((counts > 0) | now, 1))
        codes = np.array(self._codes(), dtype=object)
        return pd.DataFrame(
            {
                "code_a": codes[first],
                "code_b": codes[second],
                "together": now[first, second],
                "share": counts[first, second] / max(1, self.draws),
            }
        )

    def _company(self, village: int) -> float:
        if self.base[village] == UNASSIGNED or self.draws == 0:
            return float("nan")
        inside = np.flatnonzero(self.base == self.base[village])
        others = inside[inside != village]
        if len(others) == 0:
            return float("nan")
        own = self.lead_of[:, [village]]
        return float(((self.lead_of[:, others] == own) & (own != UNASSIGNED)).mean())

    def _codes(self) -> list[str]:
        return [str(code) for code in self.villages.frame["code"]]

    def _code(self, position: int) -> str:
        return "" if position < 0 else self._codes()[position]


def stacked(plans: Sequence[IntArray], n: int) -> IntArray:
    """Return (d, n) plans, also of none."""
    return np.array(plans, dtype=np.intp).reshape(-1, n)
