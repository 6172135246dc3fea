"""The consultation workbook of a township: handed out, filled in, read back."""

from __future__ import annotations

from liancun_geo.editing.answers import Answer, Objection

__all__ = ["Answer", "Objection"]
