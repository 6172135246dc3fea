"""Travel: how long the way from one village to another takes on the roads."""
