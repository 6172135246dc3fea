"""Plan village alliances: one lead village and N members, connected on the map, proven best."""
