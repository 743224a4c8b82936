"""Gestures by the clock: a key for each slot, runs beside it, nothing in a pause, the rest dropped with its cell."""

import time

import pytest

from jupyter_rtc_locust.documents.cells import make_cell
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.editing.gestures import (
    DeleteCell,
    MoveCaret,
    Paste,
    Printed,
    RestartKernel,
    RunCell,
    RunCode,
    TypeText,
    Undo,
)
from jupyter_rtc_locust.users.gesture_player import GesturePlayer
from users.fake_room import settle, wait_until

QUICK = Printed(5, lines_a_second=100.0)


class Playing:
    """A player, and what it wrote and told."""

    def __init__(self):
        self.replica = Replica("notebook", 1)
        self.replica.edit(self._fill)
        self.here = True
        self.written, self.carets, self.dropped, self.errors = [], [], [], []
        self.player = GesturePlayer(
            self.replica,
            write=self._write,
            tell=self.carets.append,
            may_write=lambda: self.here,
            dropped=lambda: self.dropped.append(True),
            failed=self.errors.append,
        )

    @staticmethod
    def _fill(replica):
        for cell_id in ("a", "b"):
            cell = {"id": cell_id, "cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}
            replica.cells.append(make_cell(cell))
        return True

    def _write(self, make, due):
        made = []

        def change(replica):
            made.append(make(replica))
            return made[0].apply(replica)

        if self.replica.edit(change, marks_dirty=lambda: made[0].marks_dirty) is not None:
            self.written.append((made[0], due))

    @property
    def words(self):
        return [edit.description for edit, _ in self.written]

    def source(self, index=0):
        return str(self.replica.cells[index]["source"])

    def state(self, index=0):
        return self.replica.cells[index]["execution_state"]


@pytest.fixture
def playing():
    made = Playing()
    yield made
    made.player.stop()
    assert made.errors == []


def test_each_slot_takes_one_key(playing):
    player = playing.player
    player.begin(TypeText("a", "abc", at=1.0), 1.0)
    assert (playing.source(), len(playing.carets)) == ("x = 1", 1), "the click is a slot of its own"
    for due, content in ((2.0, "x = 1a"), (3.0, "x = 1ab"), (4.0, "x = 1abc")):
        assert player.busy
        player.go_on(due)
        assert playing.source() == content
    assert not player.busy
    assert [due for _, due in playing.written] == [2.0, 3.0, 4.0]


def test_what_follows_without_a_pause_goes_along(playing):
    player = playing.player
    player.begin(Paste("a", "!", at=1.0), 1.0)
    assert not player.busy
    player.begin(Undo(), 2.0)
    assert not player.busy
    assert playing.source() == "x = 1"
    assert [edit.kind for edit, _ in playing.written] == ["paste", "undo", "mark_dirty"]


def test_a_caret_that_moves_is_told_and_typing_tells_nothing(playing):
    player = playing.player
    player.begin(MoveCaret("a", -2), 1.0)
    player.go_on(2.0)
    player.begin(TypeText("a", "yz"), 3.0)
    player.go_on(4.0)
    assert [caret.head for caret in playing.carets] == [4, 3]
    assert playing.source() == "x =yz 1"


def test_the_rest_is_dropped_with_its_cell_and_the_hands_are_free(playing):
    player = playing.player
    player.begin(TypeText("a", "abc", at=1.0), 1.0)
    player.go_on(2.0)
    playing._write(lambda replica: next(DeleteCell("a", "new").steps()).make(replica, player.tab), 2.5)
    player.go_on(3.0)
    assert not player.busy
    assert playing.dropped == [True]


def test_a_run_goes_on_by_itself_while_the_person_types(playing):
    player = playing.player
    player.begin(RunCell("a", (QUICK,)), time.monotonic())
    assert not player.busy
    wait_until(lambda: playing.state() == "running")
    player.begin(TypeText("b", "!", at=1.0), 2.0)
    player.go_on(3.0)
    assert playing.source(1) == "x = 1!"
    wait_until(lambda: playing.state() == "idle")
    assert str(playing.replica.cells[0]["outputs"][0]["text"]) == "".join(f"line {line}\n" for line in range(5))


def test_steps_of_a_run_are_due_at_their_own_times_whatever_the_loop_does(playing):
    player = playing.player
    player.begin(RunCell("a", (Printed(3, lines_a_second=50.0),)), 100.0)
    wait_until(lambda: playing.replica.cells[0]["execution_count"] is not None)
    dues = [due - 100.0 for edit, due in playing.written if "printed" in edit.description]
    assert dues == pytest.approx([0.06, 0.08, 0.10])


def test_code_that_is_run_replaces_the_source_and_runs_by_itself(playing):
    player = playing.player
    player.begin(RunCode("a", "print(1)", (QUICK,)), time.monotonic())
    assert (playing.source(), player.busy) == ("print(1)", False)
    wait_until(lambda: playing.replica.cells[0]["execution_count"] is not None)
    assert str(playing.replica.cells[0]["outputs"][0]["text"]) == "".join(f"line {line}\n" for line in range(5))


def test_code_that_is_typed_takes_a_slot_for_each_key(playing):
    player = playing.player
    player.begin(RunCode("a", "y=2", (), typed=True), 1.0)
    seen = [playing.source()]
    while player.busy:
        player.go_on(2.0)
        seen.append(playing.source())
    assert seen[-3:] == ["y", "y=", "y=2"]
    wait_until(lambda: playing.replica.cells[0]["execution_count"] is not None)


def test_where_there_is_a_kernel_it_is_asked_and_nothing_is_made_up(playing):
    asked = []
    playing.player._run = asked.append
    playing.player.begin(RunCode("a", "print(1)", (QUICK,)), 1.0)
    playing.player.begin(RestartKernel(), 2.0)
    settle()
    assert asked == [RunCell("a", (QUICK,)), RestartKernel()]
    assert playing.words == ["pasted 8 characters into cell a at 0"]


def test_a_second_run_waits_for_the_first_as_in_a_kernel(playing):
    player = playing.player
    player.begin(RunCell("a", (QUICK,)), 1.0)
    player.begin(RunCell("b", (QUICK,)), 1.0)
    wait_until(lambda: playing.replica.cells[1]["execution_count"] is not None)
    cells = [edit.cell_id for edit, _ in playing.written]
    assert cells == ["a"] * 9 + ["b"] * 9


def test_in_a_pause_nothing_runs_and_afterwards_all_comes_later(playing):
    player = playing.player
    player.begin(RunCell("a", (Printed(200, lines_a_second=100.0),)), 1.0)
    player.pause()
    before = list(playing.written)
    settle(0.1)
    assert playing.written == before
    assert player.resume() == 1
    wait_until(lambda: len(playing.written) > len(before) + 3)


def test_what_is_begun_in_a_pause_waits_for_its_end(playing):
    player = playing.player
    player.pause()
    player.begin(RunCell("a", (QUICK,)), 1.0)
    settle(0.05)
    assert playing.written == []
    player.resume()
    wait_until(lambda: playing.replica.cells[0]["execution_count"] is not None)


def test_a_restart_ends_what_runs_and_what_waits(playing):
    player = playing.player
    player.begin(RunCell("a", (Printed(1000, lines_a_second=100.0),)), 1.0)
    player.begin(RunCell("b", (QUICK,)), 1.0)
    wait_until(lambda: any("printed" in words for words in playing.words))
    player.begin(RestartKernel(), 2.0)
    written = len(playing.written)
    assert playing.words[-1] == "restarted the kernel"
    settle(0.05)
    assert len(playing.written) == written
    assert playing.state() == "idle"
    assert playing.replica.cells[1]["execution_count"] is None


def test_who_sleeps_gets_no_outputs(playing):
    player = playing.player
    player.begin(RunCell("a", (Printed(1000, lines_a_second=100.0),)), 1.0)
    wait_until(lambda: any("printed" in words for words in playing.words))
    playing.here = False
    wait_until(lambda: playing.dropped == [True])
    written = len(playing.written)
    settle(0.05)
    assert len(playing.written) == written


def test_stopping_stops(playing):
    player = playing.player
    player.begin(RunCell("a", (Printed(1000, lines_a_second=100.0),)), 1.0)
    player.begin(TypeText("b", "abc", at=1.0), 1.0)
    player.stop()
    assert not player.busy
    settle(0.05)
    assert playing.written == []


def test_an_error_in_a_timer_is_told_and_ends_the_run(playing):
    def fail(make, due):
        raise RuntimeError("on purpose")

    playing.player._write = fail
    playing.player.begin(RunCell("a", (QUICK,)), 1.0)
    wait_until(lambda: playing.errors)
    assert str(playing.errors.pop()) == "on purpose"
    settle(0.05)
    assert playing.errors == []
