"""Baselines: plans that other methods come to, judged by the same rules and costs."""

from liancun_geo.research.baselines.methods import BASELINES, Asked, baseline
from liancun_geo.research.baselines.pieces import Piece, pieces
from liancun_geo.research.baselines.repair import best_lead, repaired

__all__ = ["BASELINES", "Asked", "Piece", "baseline", "best_lead", "pieces", "repaired"]
