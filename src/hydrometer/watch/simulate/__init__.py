"""Traffic with known truth, from real material; knows nothing of the detectors."""
