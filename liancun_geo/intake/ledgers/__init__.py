"""Ledgers: from sheets to headers, from cells to values, each doubt a question."""
