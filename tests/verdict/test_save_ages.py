"""The age of what is not on disk, against a model that knows what every version of the file holds."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust.verdict import save_ages
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.findings import Kind
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.save_ages import SaveHistory
from verdict.file_watch import FileWatch
from verdict.opinions import cautions_of, kinds_of, report
from verdict.swarm_model import SwarmModel, random_run
from verdict.templates import plain_notebook, rich_notebook


class SlowSaver:
    """People who type, and a server that has any earlier state of the document on disk, after any delay."""

    def __init__(self, seed: int, processes: int) -> None:
        self.dice = random.Random(seed)
        self.swarm = SwarmModel(plain_notebook("a", "b", "c"), users=3, processes=processes)
        self.watch = FileWatch(self.swarm)
        self.states = [self.form()]
        """What the file would be, one entry for each edit that the server took in."""
        self.on_disk = 0
        self.ages: dict[float, float] = {}
        """By the moment of each look, in whole seconds: what the age is."""
        self.swarm.now = 1.0
        self.look()

    def form(self):
        server = self.swarm.server
        before = server.file, server.unsaved
        server.save()
        form = server.file
        server.file, server.unsaved = before
        return form

    def look(self) -> None:
        """At a whole second, because samples are taken there."""
        self.watch.look()
        edits = [edit for process in self.swarm.processes for edit in process.round_trips.authored()]
        ordered = sorted((edit for edit in edits if edit.arrived is not None), key=lambda one: one.arrived)
        missing = [edit.acknowledged for edit in ordered[self.on_disk :] if edit.acknowledged is not None]
        self.ages[self.swarm.now] = self.swarm.now - min(missing, default=self.swarm.now)

    def type(self, number: int) -> None:
        """Words that nobody else types."""
        one = self.dice.choice(self.swarm.users)
        one.type(f"word {number} ", self.dice.randrange(3))
        one.send()
        self.states.append(self.form())
        self.swarm.settle()

    def work(self, seconds: int, *, saves: float = 0.5) -> None:
        for second in range(seconds):
            if self.dice.random() < 0.7:
                self.type(len(self.states))
            if self.dice.random() < saves:
                self.on_disk = self.dice.randint(self.on_disk, len(self.states) - 1)
                self.swarm.server.file = self.states[self.on_disk]
            self.swarm.now = float(int(self.swarm.now) + 1)
            self.look()
            del second

    def end(self) -> None:
        self.swarm.finish()
        self.swarm.now = float(int(self.swarm.now) + 1)
        self.on_disk = len(self.states) - 1
        self.look()

    def verdict(self, **limits):
        return decide(replace(self.swarm.run_evidence(**self.watch.seen), **limits))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), seconds=st.integers(5, 40), processes=st.integers(1, 3))
def test_the_ages_are_the_models_and_an_honest_saver_is_never_accused(seed, seconds, processes):
    model = SlowSaver(seed, processes)
    model.work(seconds)
    model.end()
    history = SaveHistory(Reading.of(model.swarm.evidence(**model.watch.seen)))
    computed = {round(one.moment, 6): one.seconds for one in history.samples()}
    assert history.unplaced == 0
    assert computed.keys() >= {float(second) for second in range(int(history.first_due) + 1, seconds + 1)}
    for moment in computed.keys() & model.ages.keys():  # at the end, time passes between two looks
        assert abs(computed[moment] - model.ages[moment]) < 0.01, moment
    told = model.verdict(max_save_age=max(model.ages.values()) + 0.1)
    assert kinds_of(told) <= {Kind.SAVE_STALLED}, report(told)
    assert not kinds_of(model.verdict(save_timeout=60.0)), report(told)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**31), seconds=st.integers(5, 30))
def test_a_saver_that_stops_is_found(seed, seconds):
    model = SlowSaver(seed, 1)
    model.work(seconds)
    model.type(len(model.states))
    for _ in range(32):
        model.swarm.now = float(int(model.swarm.now) + 1)
        model.look()
    model.end()
    assert Kind.SAVE_STALLED in kinds_of(model.verdict(save_timeout=30.0))


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**31), seconds=st.integers(5, 30), data=st.data())
def test_a_saver_that_drops_an_edit_is_found_at_the_end_and_not_accused_of_being_late(seed, seconds, data):
    model = SlowSaver(seed, 1)
    model.work(seconds, saves=0.0)
    model.type(len(model.states))
    dropped = data.draw(st.integers(1, len(model.states) - 1))
    words = f"word {dropped} "

    def without(file):
        cells = [{**cell, "source": "".join(cell["source"]).replace(words, "")} for cell in file["cells"]]
        return {**file, "cells": cells}

    model.swarm.server.written = without
    model.swarm.finish()
    for _ in range(35):
        model.swarm.now = float(int(model.swarm.now) + 1)
        model.watch.look()
    told = model.verdict(save_timeout=30.0)
    assert Kind.SAVED_FILE_DIFFERS in kinds_of(told)
    if dropped < len(model.states) - 1:
        assert kinds_of(told) == {Kind.SAVED_FILE_DIFFERS}, report(told)
        assert "save-unknown" in {one.kind for one in cautions_of(told)}


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_whatever_people_do_every_version_that_a_server_saves_is_a_state_of_the_document(seed):
    swarm = SwarmModel(rich_notebook(), users=3, processes=2, seed=seed)
    watch = FileWatch(swarm)
    watch.look()
    for _ in range(8):
        random_run(swarm, 15, save=0.0, loss=0.0, leaving=0.0, joining=0.0)
        swarm.settle()
        swarm.server.save()
        swarm.settle()
        swarm.pass_time(1.0)
        watch.look()
    swarm.finish()
    watch.look()
    told = decide(replace(swarm.run_evidence(**watch.seen), save_timeout=60.0))
    assert not kinds_of(told), report(told)
    history = SaveHistory(Reading.of(swarm.evidence(**watch.seen)))
    assert history.unplaced == 0, report(told)


def test_of_very_many_edits_only_states_around_a_save_and_before_a_pause_are_compared(monkeypatch):
    monkeypatch.setattr(save_ages, "MOST_STEPS", 10)
    model = SlowSaver(3, 1)
    model.work(40)
    model.end()
    history = SaveHistory(Reading.of(model.swarm.evidence(**model.watch.seen)))
    assert history.unplaced == 0


def test_behind_what_is_affordable_nothing_is_known_and_nobody_accused(monkeypatch):
    monkeypatch.setattr(save_ages, "MOST_DIGESTS", 5)
    model = SlowSaver(3, 1)
    model.work(40)
    model.end()
    history = SaveHistory(Reading.of(model.swarm.evidence(**model.watch.seen)))
    assert history.unplaced > 0
    assert not kinds_of(model.verdict(save_timeout=10.0, max_save_age=1000.0))
