"""The fictional county of the shipped sample: geometry, townships, names, attributes, files."""
