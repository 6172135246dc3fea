"""The map a plan is adjusted on: one component, with Leaflet shipped and nothing fetched.

:mod:`~liancun_geo.output.picture.borders` works out what is drawn,
:mod:`~liancun_geo.studio.mapping.payload` what is sent,
:mod:`~liancun_geo.studio.mapping.events` what is heard;
:func:`~liancun_geo.studio.mapping.component.village_map` puts it on the page.
"""

from liancun_geo.output.picture.borders import MapGeometry, build_geometry
from liancun_geo.studio.lasting_colours import LastingColours
from liancun_geo.studio.mapping.component import village_map
from liancun_geo.studio.mapping.events import Event, parse_event
from liancun_geo.studio.mapping.payload import state_payload, static_payload

__all__ = [
    "Event",
    "LastingColours",
    "MapGeometry",
    "build_geometry",
    "parse_event",
    "state_payload",
    "static_payload",
    "village_map",
]
