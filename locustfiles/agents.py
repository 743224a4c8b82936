"""Machines that write twenty edits a second, beside people: assistants, converters, dashboards.

locust -f locustfiles/agents.py --headless
"""

from jupyter_rtc_locust import NotebookUser, TabUser, Weights


class Agent(NotebookUser):
    """Writes outputs, sources and metadata whole, without a pause."""

    default_users = 2
    fixed_count = 2
    edit_rate = 20.0
    rhythm = "steady"
    weights = Weights.of(
        {"insert_letters": 6, "set_source": 2, "output_stream": 6, "set_cell_metadata": 2, "insert_cell": 1}
    )


class Colleague(TabUser):
    """A person in the same notebook."""

    default_users = 4
    default_spawn_rate = 6.0
    default_run_time = "40s"
