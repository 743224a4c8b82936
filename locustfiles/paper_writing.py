"""Eight people write a paper in Markdown: long texts, much pasting, paragraphs moved and split.

locust -f locustfiles/paper_writing.py --headless
"""

from jupyter_rtc_locust import Activities, TabUser

SECTIONS = ("Introduction", "Related work", "Method", "Data", "Results", "Discussion", "Limits", "Conclusion")


def paper():
    """A notebook of Markdown cells, two for each section."""
    cells = []
    for number, title in enumerate(SECTIONS):
        for part, source in (("title", f"## {title}"), ("text", f"This section is about {title.lower()}.")):
            cells.append({"id": f"{part}-{number}", "cell_type": "markdown", "metadata": {}, "source": source})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Author(TabUser):
    """Writes a section of its own, and corrects those of others."""

    default_users = 8
    default_spawn_rate = 8.0
    default_run_time = "40s"
    starts_from = staticmethod(paper)
    activities = Activities.of(
        {
            "type_words": 8,
            "type_line": 6,
            "backspace": 4,
            "replace_selection": 3,
            "paste": 2,
            "move_caret": 2,
            "undo": 1,
            "move_cell": 1,
            "split_cell": 1,
            "merge_cells": 1,
        }
    )
