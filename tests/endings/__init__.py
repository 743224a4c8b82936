"""Every way a run can end, each with its one right verdict: `python -m endings`, from the folder `tests`."""
