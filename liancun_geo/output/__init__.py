"""Output: the plan as files for the GIS, the meeting and the record, and verifying them."""

from liancun_geo.output.document import plan_document, write_plan_file
from liancun_geo.output.findings_map import findings_page, write_findings_map
from liancun_geo.output.findings_workbook import write_findings_workbook
from liancun_geo.output.kml import write_kml
from liancun_geo.output.maps import write_geojson, write_geopackage
from liancun_geo.output.options import PackOptions, options_from
from liancun_geo.output.pack import PackProgress, write_pack, write_plan
from liancun_geo.output.planfile import PlanFile, PlannedAlliance, read_plan_file
from liancun_geo.output.products import PRODUCTS, Product
from liancun_geo.output.roster import write_assignment_csv
from liancun_geo.output.shapefile import write_shapefile
from liancun_geo.output.template import write_template
from liancun_geo.output.verify import Verification, verify_plan
from liancun_geo.output.workbook import write_workbook

__all__ = [
    "PRODUCTS",
    "PackOptions",
    "PackProgress",
    "PlanFile",
    "PlannedAlliance",
    "Product",
    "Verification",
    "findings_page",
    "options_from",
    "plan_document",
    "read_plan_file",
    "verify_plan",
    "write_assignment_csv",
    "write_findings_map",
    "write_findings_workbook",
    "write_geojson",
    "write_geopackage",
    "write_kml",
    "write_pack",
    "write_plan",
    "write_plan_file",
    "write_shapefile",
    "write_template",
    "write_workbook",
]
