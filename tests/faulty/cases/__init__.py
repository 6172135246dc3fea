"""The cases, by what they spoil; importing this registers them all."""

from faulty.cases import cells, codes, files, layers, names, places, shapes, sheets, surroundings

__all__ = [
    "cells",
    "codes",
    "files",
    "layers",
    "names",
    "places",
    "shapes",
    "sheets",
    "surroundings",
]
