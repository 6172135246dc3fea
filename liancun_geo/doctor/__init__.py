"""The data doctor: what is wrong with the data of a county, why it matters, what can be done."""

from liancun_geo.doctor.examine import examine
from liancun_geo.doctor.findings import Category, Coverage, Finding, Findings, Severity

__all__ = ["Category", "Coverage", "Finding", "Findings", "Severity", "examine"]
