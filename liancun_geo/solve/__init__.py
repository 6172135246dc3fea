"""The solver: arrays in, a plan and its proof out. It never sees a map."""

from liancun_geo.solve.certificate import Certificate, ZoneCertificate
from liancun_geo.solve.certifying import certify
from liancun_geo.solve.conflict import (
    explain_all,
    explain_infeasible,
    explain_left_out,
    explain_together,
)
from liancun_geo.solve.context import ZoneContext
from liancun_geo.solve.coordinator import Progress, solve
from liancun_geo.solve.deletion import Conflict
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
    "explain_all",
    "explain_infeasible",
    "explain_left_out",
    "explain_together",
    "resolve",
    "solve",
    "village_prices",
]
