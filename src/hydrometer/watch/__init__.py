"""Live: is somebody distilling our model, which accounts belong together, and what to do."""
