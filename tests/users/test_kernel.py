"""A tab and its kernel: what is asked, what is written of what the kernel says, and what is given up."""

import json

import pytest
from gevent.event import Event

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.gestures import RestartKernel, RunCell
from jupyter_rtc_locust.errors import ConnectionBroken
from jupyter_rtc_locust.protocol.kernel_messages import KernelMessageError
from jupyter_rtc_locust.servers.base import Document, RoomAddress
from jupyter_rtc_locust.users import kernel as kernel_module
from jupyter_rtc_locust.users.gesture_player import GesturePlayer
from jupyter_rtc_locust.users.kernel import TabKernel
from jupyter_rtc_locust.users.seat import Seat
from users.conftest import make_swarm
from users.fake_room import line, settle, wait_until


def of_request(message):
    """Kind, id and content of what a tab asked."""
    count = int.from_bytes(message[:8], "little")
    offsets = [int.from_bytes(message[8 * i + 8 : 8 * i + 16], "little") for i in range(count)]
    header, content = (json.loads(message[offsets[i] : offsets[i + 1]]) for i in (1, 4))
    return header["msg_type"], header["msg_id"], content


def packed(kind, content, parent):
    parts = [b"iopub", *(json.dumps(one).encode() for one in ({"msg_type": kind}, {"msg_id": parent}, {}, content))]
    offsets = [8 * 7]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join([*(word.to_bytes(8, "little") for word in (6, *offsets)), *parts])


class FakeKernels:
    """A server's kernels, of which there is one; its lines end here."""

    def __init__(self):
        self.ends, self.done, self.opened = [], [], 0
        self.refuses = 0
        self.tells_who_it_is = True

    def open(self, _document, _identity=0):
        self.opened += 1
        if self.refuses:
            self.refuses -= 1
            raise ConnectionBroken("POST /api/sessions answered 500.")
        return "kernel"

    def channels(self, kernel, session, _identity):
        return RoomAddress(f"ws://test/{kernel}/{session}")

    def interrupt(self, kernel, _identity):
        self.done.append(("interrupt", kernel))

    def restart(self, kernel, _identity):
        self.done.append(("restart", kernel))

    # -- in place of `open_websocket` --

    def open_line(self, _address, _timeout, _ca_file):
        client, end = line()
        end._on_message = self._asked
        self.ends.append(end.listen())
        return client

    def _asked(self, end, message):
        kind, request, _content = of_request(message)
        if kind == "kernel_info_request" and self.tells_who_it_is:
            end.send(packed("kernel_info_reply", {"status": "ok"}, request))

    @property
    def end(self):
        return self.ends[-1]

    @property
    def asked_to_run(self):
        requests = [of_request(message) for end in self.ends for message in end.messages]
        return [(number, content["code"]) for kind, number, content in requests if kind == "execute_request"]

    def says(self, *messages):
        self.end.send(*(packed(*message) for message in messages))

    def runs(self, request, *outputs, count=7, status="ok"):
        self.says(
            ("status", {"execution_state": "busy"}, request),
            ("execute_input", {"execution_count": count, "code": ""}, request),
            *((kind, content, request) for kind, content in outputs),
            ("execute_reply", {"status": status, "execution_count": count}, request),
            ("status", {"execution_state": "idle"}, request),
        )


class Tab:
    """A tab's kernel, with a replica of two cells that it writes into."""

    def __init__(self, swarm, kernels):
        self.swarm, self.kernels = swarm, kernels
        self.replica = Replica("notebook", 1)
        self.replica.edit(self._fill)
        self.dropped, self.errors, self.words = [], [], []
        self.player = GesturePlayer(
            self.replica,
            write=self._write,
            tell=lambda _caret: None,
            may_write=lambda: True,
            dropped=lambda: self.dropped.append(True),
            failed=self.errors.append,
            run=lambda gesture: self.kernel.take(gesture),  # noqa: PLW0108 (it is made below)
        )
        self.kernel = TabKernel(
            Seat(3, 1, 1003, Document("folder/notes.ipynb", "notebook"), 0, 0, 1),
            swarm,
            kernels,
            self.replica,
            tab=lambda: self.player.tab,
            edit=lambda make: self.player.edit(make, 0.0),
            dropped=lambda: self.dropped.append(True),
            failed=self.errors.append,
        )

    @staticmethod
    def _fill(replica):
        for cell_id, source in (("a", "print(1)"), ("b", "print(2)"), ("empty", " \n"), ("shell", "x = 1\n!ls")):
            output = {"output_type": "stream", "name": "stdout", "text": "before\n"}
            cell = {"id": cell_id, "cell_type": "code", "source": source, "metadata": {}, "outputs": [output]}
            replica.cells.append(make_cell(cell))
        return True

    def _write(self, make, _due):
        made = []

        def change(replica):
            made.append(make(replica))
            return made[0].apply(replica)

        if self.replica.edit(change, marks_dirty=lambda: made[0].marks_dirty) is not None:
            self.words.append(made[0].description)

    def cell(self, cell_id):
        return next(cell for cell in self.replica.cells.to_py() if cell["id"] == cell_id)

    def outputs(self, cell_id="a"):
        return self.cell(cell_id)["outputs"]

    def run(self, cell_id="a", **more):
        """Run a cell; the id of the request, once the kernel has it."""
        before = len(self.kernels.asked_to_run)
        self.player.begin(RunCell(cell_id, **more), 0.0)
        wait_until(lambda: len(self.kernels.asked_to_run) > before)
        return self.kernels.asked_to_run[-1][0]

    def until_over(self):
        wait_until(lambda: not self.kernel.busy)

    def connected(self):
        wait_until(lambda: self.kernels.ends and self.kernels.end.messages)


@pytest.fixture
def kernels(monkeypatch):
    made = FakeKernels()
    monkeypatch.setattr(kernel_module, "open_websocket", made.open_line)
    yield made
    for end in made.ends:
        end.hang_up()


@pytest.fixture
def tab(told, kernels):
    swarm = make_swarm(told, kernels="real")
    made = Tab(swarm, kernels)
    made.kernel.open()
    made.connected()
    wait_until(lambda: made.swarm.counts["kernel_messages_received"] == 1, what="an answer of the kernel")
    made.swarm.counts["kernel_messages_received"] = 0
    yield made
    swarm.ended = True
    made.kernel.close()
    assert made.errors == []


def failures(tab):
    return tab.swarm.recorder.failures()["run cell"].sentences


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def test_the_kernel_is_asked_who_it_is_and_then_given_the_source_as_it_stands(tab, kernels):
    assert of_request(kernels.end.messages[0])[0] == "kernel_info_request"
    tab.run("b")
    assert kernels.asked_to_run[0][1] == "print(2)"
    assert (tab.cell("b")["execution_state"], tab.outputs("b")) == ("running", [])


def test_each_message_is_one_update_in_the_order_in_which_they_came(tab, kernels):
    kernels.runs(tab.run(), stream("1\n"), stream("2\n"), stream("!\n", "stderr"))
    tab.until_over()
    assert tab.words == [
        "started cell a",
        "running: cell a",
        "printed to stdout below a",
        "printed to stdout below a",
        "printed to stderr below a",
        "execution 7 of a",
        "idle: cell a",
    ]
    assert [(one["name"], one["text"]) for one in tab.outputs()] == [("stdout", "1\n2\n"), ("stderr", "!\n")]
    assert (tab.cell("a")["execution_count"], tab.cell("a")["execution_state"]) == (7, "idle")
    assert (tab.swarm.recorder.histograms()["run cell"].count, tab.swarm.counts["cells_run"]) == (1, 1)


def test_data_results_and_errors_are_outputs_of_the_notebook_format(tab, kernels):
    data = {"data": {"text/plain": "7"}, "metadata": {}, "transient": {"display_id": "x"}}
    error = {"ename": "E", "evalue": "why", "traceback": ["line"], "more": 1}
    request = tab.run()
    kernels.runs(
        request,
        ("display_data", data),
        ("execute_result", data | {"execution_count": 7}),
        ("error", error),
        status="error",
    )
    tab.until_over()
    assert tab.outputs() == [
        {"output_type": "display_data", "data": {"text/plain": "7"}, "metadata": {}},
        {"output_type": "execute_result", "data": {"text/plain": "7"}, "metadata": {}, "execution_count": 7},
        {"output_type": "error", "ename": "E", "evalue": "why", "traceback": ["line"]},
    ]
    assert failures(tab) == {}, "an error of the code is none of the kernel"


@pytest.mark.parametrize(("waits", "left"), [(False, "new\n"), (True, "new\n")])
def test_code_that_clears_its_outputs_does_so(tab, kernels, waits, left):
    kernels.runs(tab.run(), stream("old\n"), ("clear_output", {"wait": waits}), stream("new\n"))
    tab.until_over()
    assert [one["text"] for one in tab.outputs()] == [left]


def test_code_that_would_clear_at_its_next_output_and_has_none_clears_nothing(tab, kernels):
    kernels.runs(tab.run(), stream("old\n"), ("clear_output", {"wait": True}))
    tab.until_over()
    assert [one["text"] for one in tab.outputs()] == ["old\n"]


def test_what_others_had_the_kernel_run_is_not_written(tab, kernels):
    kernels.runs("somebody-else_1", stream("theirs\n"))
    wait_until(lambda: tab.swarm.counts["kernel_messages_received"] == 5)
    assert tab.words == []


def test_the_reply_may_come_before_the_last_output(tab, kernels):
    request = tab.run()
    kernels.says(("execute_reply", {"status": "ok", "execution_count": 2}, request), (*stream("late\n"), request))
    settle()
    assert tab.kernel.busy
    kernels.says(("status", {"execution_state": "idle"}, request))
    tab.until_over()
    assert [one["text"] for one in tab.outputs()] == ["late\n"]
    assert tab.words[-2:] == ["execution 2 of a", "idle: cell a"]


def test_a_cell_that_the_kernel_leaves_out_after_an_error_gets_no_count(tab, kernels):
    request = tab.run()
    kernels.says(("execute_reply", {"status": "aborted"}, request))
    tab.until_over()
    assert (tab.cell("a")["execution_count"], tab.cell("a")["execution_state"]) == (None, "idle")
    assert (tab.swarm.counts["cells_aborted"], tab.swarm.counts["cells_run"]) == (1, 0)


def test_an_empty_cell_is_cleared_and_one_with_a_line_for_a_shell_is_left_alone(tab, kernels):
    tab.player.begin(RunCell("empty"), 0.0)
    tab.player.begin(RunCell("shell"), 0.0)
    settle()
    assert kernels.asked_to_run == []
    assert (tab.outputs("empty"), len(tab.outputs("shell"))) == ([], 1)
    assert tab.swarm.counts["cells_not_run"] == 1


def test_outputs_of_a_cell_that_is_gone_are_dropped_once(tab, kernels):
    request = tab.run()

    def delete(replica):
        del replica.cells[0]
        return True

    tab.replica.edit(delete)
    kernels.runs(request, stream("1\n"), stream("2\n"))
    tab.until_over()
    assert len(tab.dropped) == 1


def test_what_is_heard_in_the_pause_of_a_checkpoint_is_written_afterwards(tab, kernels):
    request = tab.run()
    tab.swarm.pause_editing()
    kernels.runs(request, stream("1\n"))
    wait_until(lambda: tab.swarm.counts["kernel_messages_received"] == 5)
    assert (tab.kernel.busy, tab.outputs()) == (True, [])
    tab.swarm.resume_editing()
    tab.kernel.resume()
    assert not tab.kernel.busy
    assert [one["text"] for one in tab.outputs()] == ["1\n"]


def test_when_editing_is_over_nothing_is_written_any_more(tab, kernels):
    request = tab.run()
    tab.swarm.editing = False
    before = len(tab.words)
    kernels.runs(request, stream("1\n"))
    tab.until_over()
    assert len(tab.words) == before


def test_after_so_many_messages_the_kernel_is_interrupted(tab, kernels):
    request = tab.run(interrupted_after=2)
    kernels.says((*stream("1\n"), request))
    settle()
    assert kernels.done == []
    kernels.says((*stream("2\n"), request))
    wait_until(lambda: kernels.done == [("interrupt", "kernel")])


def test_a_kernel_that_is_started_again_leaves_cells_idle_which_is_no_failure(tab, kernels):
    tab.run()
    tab.player.begin(RestartKernel(), 0.0)
    assert tab.cell("a")["execution_state"] == "idle"
    wait_until(lambda: kernels.done == [("restart", "kernel")])
    assert (tab.swarm.counts["cells_given_up"], failures(tab)) == (1, {})


def test_a_kernel_that_somebody_else_starts_again_tells_everybody(tab, kernels):
    tab.run()
    kernels.says(("shutdown_reply", {"status": "ok", "restart": True}, "of-the-server"))
    tab.until_over()
    assert (tab.cell("a")["execution_state"], failures(tab)) == ("idle", {})


def test_what_is_run_while_the_kernel_is_started_again_is_asked_of_the_new_one(tab, kernels):
    started_again = Event()
    kernels.restart = lambda _kernel, _identity: started_again.wait()
    tab.player.begin(RestartKernel(), 0.0)
    settle()
    tab.player.begin(RunCell("a"), 0.0)
    kernels.says(("shutdown_reply", {"status": "ok", "restart": True}, "of-the-server"))
    settle()
    assert (kernels.asked_to_run, tab.kernel.busy) == ([], True)
    started_again.set()
    wait_until(lambda: kernels.asked_to_run)
    kernels.runs(kernels.asked_to_run[0][0])
    tab.until_over()
    assert tab.swarm.counts["cells_run"] == 1


def test_who_starts_the_kernel_again_opens_the_line_anew_and_runs_nothing_on_the_old_one(tab, kernels):
    old = kernels.end
    tab.player.begin(RestartKernel(), 0.0)
    tab.player.begin(RunCell("a"), 0.0)
    wait_until(lambda: old.gone and kernels.asked_to_run)
    assert len(kernels.ends) == 2
    assert [of_request(message)[0] for message in old.messages] == ["kernel_info_request"]
    kernels.runs(kernels.asked_to_run[0][0], stream("new\n"))
    tab.until_over()
    assert ([one["text"] for one in tab.outputs()], failures(tab)) == (["new\n"], {})
    assert tab.swarm.counts["kernel_lines_lost"] == 0


def test_nothing_is_run_on_a_line_before_the_kernel_has_answered_on_it(tab, kernels):
    kernels.tells_who_it_is = False
    kernels.end.hang_up()
    wait_until(lambda: len(kernels.ends) == 2 and kernels.end.messages)
    tab.player.begin(RunCell("a"), 0.0)
    settle()
    assert (kernels.asked_to_run, tab.kernel.busy) == ([], True)
    kernels.says(("kernel_info_reply", {"status": "ok"}, of_request(kernels.end.messages[0])[1]))
    wait_until(lambda: kernels.asked_to_run)


def test_a_kernel_that_does_not_say_who_it_is_is_given_the_cell_after_a_while(tab, kernels, monkeypatch):
    kernels.tells_who_it_is = False
    kernels.end.hang_up()
    wait_until(lambda: len(kernels.ends) == 2 and kernels.end.messages)
    tab.player.begin(RunCell("a"), 0.0)
    tab.kernel._look()
    settle()
    assert kernels.asked_to_run == []
    monkeypatch.setattr(kernel_module, "KERNEL_INFO_S", 0.0)
    tab.kernel._look()
    wait_until(lambda: kernels.asked_to_run)


def test_a_request_that_a_kernel_took_along_as_it_was_started_again_is_no_failure(tab, kernels):
    kernels.says(("shutdown_reply", {"status": "ok", "restart": True}, "of-the-server"))
    wait_until(lambda: tab.swarm.counts["kernel_messages_received"] == 1)
    tab.run("a")
    kernels.runs(tab.run("b"))
    tab.until_over()
    assert (tab.swarm.counts["cells_given_up"], failures(tab)) == (1, {})


@pytest.mark.parametrize("state", ["restarting", "dead"])
def test_a_kernel_that_dies_is_a_failure_and_leaves_the_cell_idle(tab, kernels, state):
    tab.run()
    kernels.says(("status", {"execution_state": state}, ""))
    tab.until_over()
    assert tab.cell("a")["execution_state"] == "idle"
    assert failures(tab) == {"the kernel died while a cell ran": 1}


def test_a_kernel_that_answers_a_later_cell_will_not_answer_the_earlier_one(tab, kernels):
    tab.run("a")
    kernels.runs(tab.run("b"))
    tab.until_over()
    assert failures(tab) == {"the kernel answered a later cell and not this one": 1}
    assert tab.cell("a")["execution_state"] == "idle"


def test_a_kernel_that_says_nothing_to_anybody_is_given_up(tab, kernels, monkeypatch):
    monkeypatch.setattr(kernel_module, "SILENT_KERNEL_S", 0.0)
    tab.run()
    tab.kernel._look()
    assert not tab.kernel.busy
    assert sum(failures(tab).values()) == 1


def test_a_line_that_is_lost_gives_up_what_runs_and_comes_back(tab, kernels):
    tab.run()
    kernels.end.hang_up()
    tab.until_over()
    assert failures(tab) == {"the line to the kernel was lost while a cell ran": 1}
    assert tab.cell("a")["execution_state"] == "idle"
    wait_until(lambda: len(kernels.ends) == 2 and kernels.end.messages)
    kernels.runs(tab.run(), stream("again\n"))
    tab.until_over()
    assert [one["text"] for one in tab.outputs()] == ["again\n"]


def test_what_is_run_without_a_line_waits_for_it(tab, kernels):
    tab.kernel.go_offline(asleep=False)
    tab.kernel.drop_line()
    tab.player.begin(RunCell("a"), 0.0)
    settle()
    assert (tab.kernel.busy, len(kernels.ends)) == (True, 1)
    tab.kernel.come_online()
    wait_until(lambda: kernels.asked_to_run)
    kernels.runs(kernels.asked_to_run[0][0])
    tab.until_over()
    assert failures(tab) == {}


def test_a_server_that_starts_no_kernel_is_asked_again_and_told_of_once(tab, kernels):
    kernels.refuses = 3
    kernels.end.hang_up()
    wait_until(lambda: len(kernels.ends) == 2)
    assert tab.swarm.recorder.failures()["connect"].count == 1


def test_a_message_that_cannot_be_read_is_told_and_the_next_ones_are_read(tab, kernels):
    request = tab.run()
    kernels.end.send(b"nonsense")
    kernels.runs(request, stream("1\n"))
    tab.until_over()
    assert tab.swarm.counts["messages_unreadable"] == 1
    assert [sentence for sentence in failures(tab) if "could not be read" in sentence]
    assert issubclass(KernelMessageError, ValueError)


def test_a_closed_tab_writes_nothing_and_does_not_come_back(tab, kernels):
    request = tab.run()
    before = len(tab.words)
    end = kernels.end
    tab.kernel.close()
    wait_until(lambda: end.gone)
    kernels.runs(request, stream("1\n"))
    settle()
    assert (len(tab.words), len(kernels.ends)) == (before, 1)
