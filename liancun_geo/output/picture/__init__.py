"""What drawn pages share: escaping, colours, places of names, shapes ready to draw."""
