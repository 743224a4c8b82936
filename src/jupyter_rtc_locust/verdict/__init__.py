"""From evidence to a verdict: the oracle, the checks, the decision; and, apart from them, the coordination over Locust's messages."""
