"""People in one notebook whose cells run in one kernel: they print, display, clear, ask for a shell, and run one cell.

When all are through, user 0 has a cell raise an error, interrupts another one, and starts the kernel again.
"""

import gevent
from locust import constant, task

from jupyter_rtc_locust import TabUser
from jupyter_rtc_locust.editing.gestures import AddCellBelow, RestartKernel, RunCell, RunCode

PRINTING = """\
import sys, time
for i in range(20):
    sys.stdout.write(f'line {i}\\n'); sys.stdout.flush(); time.sleep(0.05)"""
# One write for each line: `print` makes several, and a busy kernel can send what it has between two of them.
DISPLAYING = "from IPython.display import display\ndisplay({'text/plain': 'shown'}, raw=True)\n6 * 7"
CLEARING = "from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('stays')"
FOR_A_SHELL = "!touch made-by-a-shell"
RAISING = "kept = 1\nprint('before')\n1 / 0"
SLEEPING = "import time\nprint('asleep', flush=True)\ntime.sleep(60)"
AFTERWARDS = "print('kept' in dir())"


class InAKernel(TabUser):
    """Does one thing after the other, each when the one before is over."""

    wait_time = constant(0)
    edit_rate = 50.0

    def choose_gesture(self, _number):
        return None

    @task
    def work(self):
        self.writing = self.collaborator.writing
        user = self.collaborator.seat.user
        for name, code in (("printing", PRINTING), ("displaying", DISPLAYING), ("clearing", CLEARING)):
            self.run_in_a_new_cell(f"{name}-{user}", code)
        self.run_in_a_new_cell(f"shell-{user}", FOR_A_SHELL)
        self.until(lambda: {"displaying-0", "displaying-1", "displaying-2"} <= self.finished())
        self.writing.play(RunCell("displaying-0"))
        self.until(lambda: not self.writing.kernel.busy)
        self.add(f"through-{user}")
        self.until(lambda: {"through-0", "through-1", "through-2"} <= self.cells().keys())
        if user == 0:
            self.run_in_a_new_cell("raising", RAISING)
            self.add("sleeping")
            self.do(RunCode("sleeping", SLEEPING))
            self.until(lambda: "asleep" in str(self.cells()["sleeping"]["outputs"]))
            self.writing.kernel.interrupt()
            self.until(lambda: not self.writing.kernel.busy)
            self.do(RestartKernel())
            self.until(lambda: not self.writing.kernel.busy)
            self.run_in_a_new_cell("afterwards", AFTERWARDS)
            gevent.spawn(self.environment.runner.quit)
        gevent.sleep(60)

    def cells(self):
        return {cell["id"]: cell for cell in self.collaborator.replica.cells.to_py()}

    def finished(self):
        cells = self.cells()
        return {name for name in cells if cells[name].get("execution_count") is not None}

    def run_in_a_new_cell(self, cell_id, code):
        self.add(cell_id)
        self.do(RunCode(cell_id, code))
        self.until(lambda: not self.writing.kernel.busy)

    def add(self, cell_id):
        self.do(AddCellBelow(self.collaborator.replica.cells[0]["id"], cell_id))

    def do(self, gesture):
        self.writing.play(gesture)
        self.until(lambda: not self.writing.gestures.busy)

    def until(self, condition):
        while not condition():
            gevent.sleep(0.02)
