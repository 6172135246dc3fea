"""Vector layers: from a file of any kind to a frame with its CRS, its texts and its faults."""
