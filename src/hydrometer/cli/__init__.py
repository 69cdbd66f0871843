"""One file per verb; the Python API with names."""
