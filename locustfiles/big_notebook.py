"""A notebook of a thousand cells with fifty megabytes of outputs, and three people in it.

locust -f locustfiles/big_notebook.py --headless
"""

import base64
import random

from jupyter_rtc_locust import Activities, TabUser

CELLS = 1_000
OUTPUT_BYTES = 50_000_000
PICTURES = 50
"""Every twentieth cell shows one."""


def notebook():
    """Code cells with a line each; the pictures are noise, and the same each time."""
    dice = random.Random(1)
    size = OUTPUT_BYTES // PICTURES
    cells = []
    for number in range(CELLS):
        outputs = []
        if number % (CELLS // PICTURES) == 0:
            picture = base64.b64encode(dice.randbytes(size * 3 // 4)).decode()
            outputs = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}}]
        cells.append(
            {
                "id": f"cell-{number}",
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": outputs,
                "source": f"x = {number}",
            }
        )
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Analyst(TabUser):
    """Types and runs a cell now and then."""

    default_users = 3
    default_run_time = "40s"
    starts_from = staticmethod(notebook)
    activities = Activities.of({"type_words": 4, "backspace": 1, "move_caret": 1, "run_cell": 1})
