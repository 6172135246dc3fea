"""What runs in a browser and serves the page's map and the map to be handed over alike.

Leaflet 1.9.4 as its makers ship it (``leaflet/``, BSD 2-Clause, from npm), and modules of our own
that know nothing of either page: the county as it was sent, its labels, its symbols.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
