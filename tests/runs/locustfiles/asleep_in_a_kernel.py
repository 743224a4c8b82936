"""One person whose cell sleeps in its kernel for longer than any test."""

import gevent
from locust import constant, task

from jupyter_rtc_locust import TabUser
from jupyter_rtc_locust.editing.gestures import AddCellBelow, RunCode


class Asleep(TabUser):
    wait_time = constant(0)
    edit_rate = 50.0

    def choose_gesture(self, _number):
        return None

    @task
    def work(self):
        writing, replica = self.collaborator.writing, self.collaborator.replica
        for gesture in (
            AddCellBelow(replica.cells[0]["id"], "sleeping"),
            RunCode("sleeping", "import time\nprint('asleep', flush=True)\ntime.sleep(600)"),
        ):
            writing.play(gesture)
            while writing.gestures.busy:
                gevent.sleep(0.02)
        while "asleep\\n" not in str(replica.cells.to_py()[1]["outputs"]):
            gevent.sleep(0.02)
        print("the cell is asleep", flush=True)
        gevent.sleep(60)
