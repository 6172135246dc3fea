"""Who is who: codes, names and townships, and which row is which village."""
