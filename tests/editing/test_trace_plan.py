"""What users of a replay write: in whatever order it is delivered, everybody ends with the text that the trace says."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.trace_maker import made_up_trace
from jupyter_rtc_locust.documents.default_notebook import default_notebook
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.documents.seeding import fill
from jupyter_rtc_locust.documents.templates import Template
from jupyter_rtc_locust.editing.operations import WriteStructs
from jupyter_rtc_locust.editing.trace_plan import Plan, Start, cast, plan
from jupyter_rtc_locust.editing.traces import Trace, TraceError, read_trace

SHARED = Path(__file__).resolve().parents[3] / "shared" / "traces"


def trace_of(folder: Path, raw: dict[str, Any]) -> Trace:
    file = folder / "trace.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    return read_trace(file)


def base_of(trace: Trace) -> bytes:
    """The document at the start, as a server that is nobody of the run would give it."""
    server = Replica("text", 77)
    fill(server, Template("trace.txt", "text", trace.start, trace.start))
    return server.full_update()


def played(made: Plan, clients: tuple[int, ...], base: bytes, dice: random.Random) -> list[Replica]:
    """Everybody makes their steps as soon as the dice let them, having received what the dice let through."""
    replicas = [Replica("text", client) for client in clients]
    for one in replicas:
        one.apply_updates([base])
    inboxes: list[list[bytes]] = [[] for _ in clients]
    left = [[step for step in made.steps if step.user == user] for user in range(len(clients))]
    idle = 0
    while any(left):
        idle += 1
        assert idle < 10_000, "somebody waits for what nobody will ever write"
        user = dice.randrange(len(clients))
        replica, inbox = replicas[user], inboxes[user]
        if inbox and dice.random() < 0.6:
            count = dice.randint(1, len(inbox))
            replica.apply_updates(inbox[:count])
            del inbox[:count]
        clocks = replica.state_vector()
        if left[user] and all(clocks.get(client, 0) >= clock for client, clock in left[user][0].needs):
            idle = 0
            step = left[user].pop(0)
            assert clocks.get(replica.client_id, 0) == step.clock
            update = replica.edit(lambda one, step=step: WriteStructs(step.update).apply(one) is None)
            assert update is not None
            for other, others in enumerate(inboxes):
                if other != user:
                    others.append(update)
    for replica, inbox in zip(replicas, inboxes, strict=True):
        replica.apply_updates(inbox)
    return replicas


@given(
    st.integers(0, 10_000),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from((1, 8, 30)),
    st.sampled_from(("", "hé😀llo\n")),
    st.booleans(),
)
def test_however_it_is_delivered_and_by_however_many_it_is_played_a_trace_ends_as_it_says(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    agents: int,
    users: int,
    transactions: int,
    start: str,
    descending: bool,
) -> None:
    dice = random.Random(seed)
    raw = made_up_trace(dice, agents=agents, transactions=transactions, start=start, descending=descending)
    trace = trace_of(tmp_path_factory.mktemp("trace"), raw)
    casting = cast(trace, users)
    clients = casting.clients(dice.sample(range(100, 2**32 - 2), users))
    base = base_of(trace)
    made = plan(trace, casting, clients, Start(base))
    assert made.content == trace.end
    assert len(made.steps) == casting.steps
    for replica in played(made, clients, base, dice):
        assert str(replica.source) == trace.end


def test_a_sequential_trace_is_played_in_turns_each_waiting_for_the_one_before(tmp_path: Path) -> None:
    txns = [{"patches": [[index, 0, "é"]]} for index in range(6)]
    trace = trace_of(tmp_path, {"startContent": "", "endContent": "é" * 6, "txns": txns})
    made = plan(trace, cast(trace, 2), (5, 6), Start())
    assert [step.user for step in made.steps] == [0, 1, 0, 1, 0, 1]
    assert [step.needs for step in made.steps[:3]] == [(), ((5, 2),), ((6, 2),)]


def test_several_patches_each_count_from_what_the_one_before_left(tmp_path: Path) -> None:
    patches = [[0, 1, "😀x"], [1, 1, ""], [1, 0, "y\r\n"]]
    trace = trace_of(tmp_path, {"startContent": "ab", "endContent": "😀y\r\nb", "txns": [{"patches": patches}]})
    made = plan(trace, cast(trace, 1), (5,), Start(base_of(trace)))
    assert made.content == "😀y\r\nb"
    assert len(made.steps) == 1


def test_what_a_transaction_that_changes_nothing_waits_for_the_next_one_of_its_agent_waits_for(tmp_path: Path) -> None:
    txns = [
        {"parents": [], "agent": 0, "patches": [[0, 0, "a"]]},
        {"parents": [0], "agent": 1, "patches": []},
        {"parents": [1], "agent": 1, "patches": [[1, 0, "b"]]},
    ]
    trace = trace_of(tmp_path, {"kind": "concurrent", "endContent": "ab", "numAgents": 2, "txns": txns})
    made = plan(trace, cast(trace, 2), (5, 6), Start())
    assert [step.number for step in made.steps] == [0, 2]
    assert made.steps[1].needs == ((5, 2),)


def test_an_agent_on_two_branches_at_once_is_played_by_one_user(tmp_path: Path) -> None:
    txns = [
        {"parents": [], "agent": 0, "patches": [[0, 0, "ab"]]},
        {"parents": [0], "agent": 1, "patches": [[0, 0, "x"]]},
        {"parents": [0], "agent": 1, "patches": [[2, 0, "y"]]},
        {"parents": [1, 2], "agent": 0, "patches": []},
    ]
    trace = trace_of(tmp_path, {"kind": "concurrent", "endContent": "xaby", "numAgents": 2, "txns": txns})
    made = plan(trace, cast(trace, 2), (5, 6), Start())
    assert made.content == "xaby"


def test_a_trace_goes_into_a_cell_of_a_notebook(tmp_path: Path) -> None:
    notebook = Replica("notebook", 77)
    fill(notebook, default_notebook())
    source = str(notebook.cells[0]["source"])
    txns = [{"patches": [[len(source), 0, "!"]]}]
    trace = trace_of(tmp_path, {"startContent": source, "endContent": f"{source}!", "txns": txns})
    made = plan(trace, cast(trace, 1), (5,), Start(notebook.full_update(), 0))
    notebook.apply_updates([step.update for step in made.steps])
    assert str(notebook.cells[0]["source"]) == f"{source}!"


def test_an_empty_trace_has_no_step(tmp_path: Path) -> None:
    assert cast(trace_of(tmp_path, {"startContent": "a", "endContent": "a", "txns": []}), 2).steps == 0


@pytest.mark.parametrize(
    ("patches", "said"),
    [
        ([[0, 0, "b"]], "they part at 0"),
        ([[1, 0, "a"]], "transaction 0 deletes 0 and inserts at 1, in a text of 0 characters"),
    ],
)
def test_a_trace_that_contradicts_itself_is_refused(tmp_path: Path, patches: list[Any], said: str) -> None:
    trace = trace_of(tmp_path, {"startContent": "", "endContent": "a", "txns": [{"patches": patches}]})
    with pytest.raises(TraceError, match=said):
        cast(trace, 1)


@pytest.mark.recorded
def test_a_recorded_session_of_two_ends_as_it_says_however_it_is_delivered() -> None:
    file = SHARED / "friendsforever.json.gz"
    if not file.exists():
        pytest.skip(f"{file} is not here: the project ships no recorded session")
    trace = read_trace(file)
    casting = cast(trace, trace.agents)
    clients = casting.clients((1000, 2000))
    made = plan(trace, casting, clients, Start(base_of(trace)))
    for replica in played(made, clients, base_of(trace), random.Random(1)):
        assert str(replica.source) == trace.end
