"""Exit codes of a run. `FAILED` and `INCONCLUSIVE` win over Locust's own 1."""

PASSED = 0
"""Every document was established to be equal and complete, and no request failed."""

REQUESTS_FAILED = 1
"""The documents can be trusted, but requests failed, or users met errors (Locust's own rule), or a threshold was
missed."""

OPTIONS_REFUSED = 2
"""An option was refused before anything was opened."""

FAILED = 3
"""The verdict is fail: a person would have lost, doubled or been given something."""

INCONCLUSIVE = 4
"""What could not be established is neither a pass nor a fail; a server that could not be used ends here too, and a
threshold that could not be judged."""
