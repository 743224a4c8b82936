"""Measuring: log-bucket histograms, round trips, and the health of the generator itself."""
