"""The plan as a web page to open from disk: one file, no request, names as text only."""

from liancun_geo.output.web_map.page import fill_web_map, web_page, write_web_map

__all__ = ["fill_web_map", "web_page", "write_web_map"]
