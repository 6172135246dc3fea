"""What several tests of conflicts share."""

from __future__ import annotations

PATH = [(0, 1), (1, 2), (2, 3), (3, 4)]
