"""Figures worth publishing: maps of plans, fronts, ensembles, comparisons. Needs matplotlib.

Every function draws on the axes it is given, or on new ones, and returns them; no global setting
of matplotlib is touched. Colours are those of the planner's map: told apart by colour-blind eyes,
and never the only sign. Chinese is set in a Chinese font of this machine; where there is none,
labels are English and Chinese names are left out.
"""

from liancun_geo.research.figures.charts import dot_chart, ensemble_chart, front_chart
from liancun_geo.research.figures.leaflet import offline_map
from liancun_geo.research.figures.maps import plan_map, swing_map
from liancun_geo.research.figures.typeface import chinese_font

__all__ = [
    "chinese_font",
    "dot_chart",
    "ensemble_chart",
    "front_chart",
    "offline_map",
    "plan_map",
    "swing_map",
]
