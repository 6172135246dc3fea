"""The solver: arrays in, a plan and its proof out. It never sees a map."""

from liancun_geo.solve.certificate import Certificate, ZoneCertificate, certify
from liancun_geo.solve.conflict import Conflict, explain_infeasible, explain_left_out
from liancun_geo.solve.context import ZoneContext
from liancun_geo.solve.coordinator import Progress, solve
from liancun_geo.solve.marginal import (
    Marginal,
    cost_of_apart,
    cost_of_leading,
    cost_of_leaving_out,
    cost_of_together,
    village_prices,
)
from liancun_geo.solve.near_optimal import ZoneAlternatives, alternatives
from liancun_geo.solve.resolve import ResolveResult, resolve
from liancun_geo.solve.result import Reason, SolveResult, Status, ZoneResult

__all__ = [
    "Certificate",
    "Conflict",
    "Marginal",
    "Progress",
    "Reason",
    "ResolveResult",
    "SolveResult",
    "Status",
    "ZoneAlternatives",
    "ZoneCertificate",
    "ZoneContext",
    "ZoneResult",
    "alternatives",
    "certify",
    "cost_of_apart",
    "cost_of_leading",
    "cost_of_leaving_out",
    "cost_of_together",
    "explain_infeasible",
    "explain_left_out",
    "resolve",
    "solve",
    "village_prices",
]
