"""The solver: arrays in, a plan and its proof out. It never sees a map."""

from liancun_geo.solve.coordinator import Progress, solve
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult

__all__ = ["Progress", "Reason", "SolveResult", "Status", "ZoneResult", "solve"]
