"""From evidence to a verdict: the oracle, the checks, the decision. Pure: no socket, no clock, no Locust."""
