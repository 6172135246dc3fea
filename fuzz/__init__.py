"""Damaged input for every door of liancun_geo, reproducible by seed and number."""
