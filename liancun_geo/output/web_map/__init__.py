"""The plan as a web page to open from disk: one file, no request, names as text only."""

from liancun_geo.output.web_map.page import WEB_MAP, fill_web_map, web_page, write_web_map

__all__ = ["WEB_MAP", "fill_web_map", "web_page", "write_web_map"]
