"""Canaries: scenarios that released servers are known to fail. A run that does not find it proves something."""
