"""The servers that the tests rely on do what their names say: the real ones serve, the sick one is sick as told."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import websocket

from servers import processes
from servers.faults import FAULTS
from servers.small_client import SmallClient, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers.server_process import ServerProcess

pytestmark = [pytest.mark.server, pytest.mark.alone]

OUTPUT = {"output_type": "stream", "name": "stdout", "text": "1\n"}
TEMPLATE = {
    "cells": [
        {"id": "first", "cell_type": "markdown", "metadata": {}, "source": "first"},
        {
            "id": "second",
            "cell_type": "code",
            "metadata": {},
            "source": "second",
            "execution_count": 1,
            "outputs": [OUTPUT],
        },
        {"id": "third", "cell_type": "raw", "metadata": {}, "source": "third"},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
PATH = "shared é.ipynb"
"""With a blank and a letter beyond ASCII, which a path may have."""


def write_template(server: ServerProcess) -> None:
    (server.root / PATH).write_text(json.dumps(TEMPLATE))


def saved_sources(server: ServerProcess) -> list[str]:
    """The sources in the file. It is not replaced at once: who reads during a save sees it empty or in part."""
    try:
        notebook = json.loads((server.root / PATH).read_text())
    except ValueError:
        return []
    return ["".join(cell.get("source", [])) for cell in notebook["cells"]]


@contextlib.contextmanager
def clients(server: ServerProcess, count: int = 2, **options: Any) -> Iterator[list[SmallClient]]:
    """Clients that are in sync; the first has edited first, and is the server's user 1, the second 2, and so on."""
    path = PATH if options.get("with_files", True) else "room"
    opened: list[SmallClient] = []
    with contextlib.ExitStack() as stack:
        for number in range(1, count + 1):
            client = SmallClient(server, path, client_id=number, **options)
            stack.callback(client.close)
            opened.append(client)
        wait_until(lambda: all(client.synced for client in opened), *opened)
        yield opened


def everybody_has(text: str, *of: SmallClient) -> None:
    """Waits until a text is part of some cell of every client."""
    wait_until(lambda: all(any(text in source for source in client.sources) for client in of), *of)


@contextlib.contextmanager
def sick_room(fault: str, count: int = 2, **options: Any) -> Iterator[tuple[ServerProcess, list[SmallClient]]]:
    """A sick server with one notebook, and clients in it of whom each has made one edit that all have seen.

    The fault may act from update `at` on; each client made one before, so that `at=count + 1` is the next.
    """
    with processes.sick_server(fault, **options) as server:
        write_template(server)
        with clients(server, count) as opened:
            for client in opened:
                name = f"-{client.doc.client_id}"
                client.type(0, name)
                everybody_has(name, *opened)
            yield server, opened


# Real servers


def start_jupyter_collaboration_4() -> ServerProcess:
    if not processes.PYTHON_OF_JUPYTER_COLLABORATION_4.exists():
        pytest.skip("the environment of jupyter-collaboration 4 was not made (constraints/jupyter-collaboration-4.txt)")
    return processes.jupyter_collaboration(processes.PYTHON_OF_JUPYTER_COLLABORATION_4)


def start_node() -> ServerProcess:
    reason = processes.reason_without_node()
    if reason is not None:
        pytest.skip(reason)
    return processes.node_y_websocket()


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(processes.jupyter_collaboration, id="jupyter-collaboration-5"),
        pytest.param(lambda: processes.jupyter_collaboration(base_url="/user/one/"), id="below-a-path"),
        pytest.param(start_jupyter_collaboration_4, id="jupyter-collaboration-4"),
        pytest.param(lambda: processes.sick_server("none"), id="our-own"),
    ],
)
def test_a_server_with_files_syncs_two_clients_and_saves(start: Callable[[], ServerProcess]) -> None:
    with start() as server:
        write_template(server)
        with clients(server) as (one, two):
            one.type(0, " one 😀 ")
            two.append_cell("fourth", "two")
            everybody_has("one 😀", one, two)
            everybody_has("two", one, two)
            assert one.content == two.content
            assert one.sources == ["first one 😀 ", "second", "third", "two"]
            wait_until(lambda: one.echoes == two.echoes == 1, one, two)
            wait_until(lambda: saved_sources(server) == one.sources, one, two)
            one.save()
            wait_until(lambda: one.answers != [], one)
            assert one.answers == [{"type": "save", "responseTo": 1, "status": "success"}]


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(start_node, id="node"),
        pytest.param(processes.pycrdt_websocket, id="pycrdt-websocket"),
        pytest.param(lambda: processes.pycrdt_websocket(keep_rooms=True), id="pycrdt-websocket-that-keeps-rooms"),
    ],
)
def test_a_server_without_files_syncs_two_clients(start: Callable[[], ServerProcess]) -> None:
    with start() as server, clients(server, with_files=False) as (one, two):
        one.append_cell("first", "one")
        everybody_has("one", one, two)
        two.type(0, " two")
        everybody_has("one two", one, two)
        assert one.content == two.content
        wait_until(lambda: one.echoes == two.echoes == 1, one, two)


def test_our_own_server_writes_the_same_file_as_jupyter_collaboration() -> None:
    files = []
    for start in (processes.jupyter_collaboration, processes.sick_server):
        with start() as server:
            write_template(server)
            with clients(server) as (one, two):
                one.type(1, "\t\n ")
                two.append_cell("fourth", "two")
                everybody_has("two", one, two)
                everybody_has("\t\n ", one, two)
                wait_until(lambda: saved_sources(server) == one.sources, one, two)
                wait_until(lambda: one.state.get("dirty") is False, one)
            files.append((server.root / PATH).read_text())
    assert files[0] == files[1]


def test_a_jupyter_server_without_collaboration_knows_no_rooms() -> None:
    with processes.jupyter_collaboration(collaboration=False) as server:
        asked = {"format": "json", "type": "notebook"}
        assert server.request("PUT", "api/collaboration/session/any.ipynb", asked)[0] == 404
        assert server.request("GET", "api/contents")[0] == 200


def test_a_restarted_server_has_the_same_address_and_files_and_takes_clients_back() -> None:
    with processes.jupyter_collaboration(save_delay=0.1) as server:
        write_template(server)
        address = server.url
        with clients(server) as (one, two):
            one.type(0, " before")
            wait_until(lambda: "first before" in saved_sources(server), one, two)
            server.restart()
            assert server.url == address
            wait_until(lambda: one.closed is not None and two.closed is not None, one, two)
            two.type(0, " offline")
            for client in (one, two):
                client.open()
            everybody_has("first before offline", one, two)


def test_a_paused_server_answers_nobody_until_it_is_resumed() -> None:
    with processes.sick_server() as server:
        server.pause()
        assert server.running
        assert not server.answers(timeout=0.3)
        server.resume()
        assert server.answers()
        server.pause()  # and a paused server can be stopped
    assert not server.running


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(processes.ServerDidNotStartError, match="unrecognized"):
        processes.jupyter_collaboration(folder=tmp_path, extra=("--no-such-option-at-all",))


def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from servers import processes\n"
        f"server = processes.sick_server(folder=Path({str(tmp_path)!r}))\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(processes.__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that nobody has waited for yet (Z) runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_token_stands_in_no_command_line() -> None:
    with processes.jupyter_collaboration() as jupyter, processes.sick_server() as ours:
        for server in (jupyter, ours):
            assert server.token
            assert server.token not in Path(f"/proc/{server.pid}/cmdline").read_text()


# Faults


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_says_what_it_does(name: str) -> None:
    fault = FAULTS[name](at=1, user=2, quiet=0.5)
    assert fault.__doc__
    assert (fault.at, fault.user, fault.quiet) == (1, 2, 0.5)


def test_drop_relay_leaves_one_replica_behind() -> None:
    with sick_room("drop-relay", at=3) as (_, (one, two)):
        two.type(0, " kept from one")
        one.type(1, " later")
        wait_until(lambda: one.echoes == 2, one, two)
        everybody_has("kept from one", two)
        everybody_has(" later", two)
        assert one.sources[0] != two.sources[0]


def test_drop_last_relay_to_one_leaves_only_its_own_echoes() -> None:
    with sick_room("drop-last-relay-to-one", at=3) as (_, (one, two)):
        for _ in range(3):
            two.type(0, " kept from one")
        one.type(1, " later")
        wait_until(lambda: one.echoes == 2 and two.echoes == 4, one, two)
        assert "kept from one" not in one.sources[0]


def test_lose_edit_echoes_to_the_author_only() -> None:
    with sick_room("lose-edit", at=3) as (server, (one, two)):
        one.append_cell("fourth", "no text was typed into a cell here")
        everybody_has("no text", one, two)
        one.type(0, " lost")
        wait_until(lambda: one.echoes == 3, one, two)
        two.type(1, " marker")
        everybody_has(" marker", one, two)
        assert "lost" in one.sources[0]
        assert "lost" not in two.sources[0]
        wait_until(lambda: saved_sources(server) == two.sources, one, two)


def test_no_echo_keeps_one_echo_back_and_applies_the_edit() -> None:
    with sick_room("no-echo", at=3) as (_, (one, two)):
        one.type(0, " unheard")
        one.type(0, " heard")
        everybody_has(" unheard heard", two)
        wait_until(lambda: one.echoes == 2, one)
        assert not one.has_echo_of(one.sent[1])


def test_swallow_drops_an_edit() -> None:
    with sick_room("swallow", at=3) as (_, (one, two)):
        one.type(0, " swallowed")
        two.type(1, " marker")
        everybody_has(" marker", one, two)
        assert not one.has_echo_of(one.sent[-1])
        assert "swallowed" not in two.sources[0]


def test_mute_one_leaves_a_line_open_and_silent() -> None:
    with sick_room("mute-one", at=3) as (_, (one, two)):
        two.type(0, " unheard")
        wait_until(lambda: two.echoes == 2, one, two)
        two.type(0, " more")
        wait_until(lambda: two.echoes == 3, one, two)
        assert "unheard" not in one.sources[0]
        assert one.closed is None


def test_no_sync_never_answers_the_second_line() -> None:
    with processes.sick_server("no-sync") as server:
        write_template(server)
        with clients(server, 1) as (one,):
            two = SmallClient(server, PATH, client_id=2)
            one.type(0, " marker")
            wait_until(lambda: two.received != [], one, two)
            assert not two.synced
            assert two.content == []
            two.close()


def test_stale_joiner_gets_an_old_state_in_a_pause() -> None:
    with sick_room("stale-joiner", at=3, quiet=0.3) as (server, (one, two)):
        one.type(0, " old")
        everybody_has(" old", one, two)
        one.type(0, " new")
        everybody_has(" new", one, two)
        wait_until(lambda: one.state.get("dirty") is False, one, two)
        with clients(server, 1) as (joiner,):
            assert joiner.sources[0] == "first-1-2 old"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("delete-text", ["first-1-2", "second", "third"]),
        ("double-text", ["first-1-2 typed typed", "second", "third"]),
        ("double-cell", ["first-1-2 typed", "second", "second", "third"]),
        ("invent-edit", ["first-1-2 typed", "second [nobody wrote this] ", "third"]),
        ("invent-cell", ["first-1-2 typed", "second", "third", " [nobody wrote this] "]),
    ],
)
@pytest.mark.parametrize("quiet", [None, 0.2])
def test_damage_in_which_all_agree(fault: str, expected: list[str], quiet: float | None) -> None:
    with sick_room(fault, at=3, quiet=quiet) as (server, (one, two)):
        one.type(0, " typed")
        wait_until(lambda: one.sources == two.sources == expected, one, two)
        with clients(server, 1) as (joiner,):
            assert joiner.sources == expected
        wait_until(lambda: saved_sources(server) == expected, one, two)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("none", "first one"),
        ("delete-text", "first"),
        ("double-text", "first one one"),
        ("invent-edit", "first one [nobody wrote this] "),
    ],
)
def test_text_files_can_be_damaged_too(fault: str, expected: str) -> None:
    with processes.sick_server(fault, at=1) as server:
        path = server.root / "shared.txt"
        path.write_text("first")
        with (
            contextlib.closing(SmallClient(server, path.name, client_id=1, text_file=True)) as one,
            contextlib.closing(SmallClient(server, path.name, client_id=2, text_file=True)) as two,
        ):
            wait_until(lambda: one.synced and two.synced, one, two)
            one.type(0, " one")
            wait_until(lambda: one.sources == two.sources == [expected], one, two)
            wait_until(lambda: path.read_text() == expected, one, two)


def test_an_update_that_cannot_be_read_harms_nobody() -> None:
    with sick_room("none") as (_, (one, two)):
        one.line.send_binary(b"\x00\x02\x03\x01\x02\x03")
        one.type(0, " after")
        everybody_has(" after", one, two)


@pytest.mark.parametrize(
    ("fault", "is_malformed"),
    [
        ("malformed-cell", lambda cells: "bogus" in [cell["cell_type"] for cell in cells]),
        ("no-source", lambda cells: any("source" not in cell for cell in cells)),
        ("duplicate-id", lambda cells: len({cell["id"] for cell in cells}) < len(cells)),
    ],
)
def test_malformed_documents_stay_malformed_after_a_save(
    fault: str, is_malformed: Callable[[list[dict[str, Any]]], bool]
) -> None:
    with sick_room(fault, at=3) as (_, (one, two)):
        one.type(0, " typed")
        wait_until(lambda: is_malformed(one.content), one, two)
        wait_until(lambda: one.state.get("dirty") is False, one, two)
        assert one.content == two.content
        assert is_malformed(one.content)


@pytest.mark.parametrize(
    ("fault", "spoil"),
    [
        ("corrupt-file", lambda cells: cells[0].update(source="first-1-2 typed")),
        ("corrupt-output", lambda cells: cells[1]["outputs"][0].update(text=["not what was printed"])),
        ("drop-cell-in-file", lambda cells: cells.pop()),
    ],
)
def test_wrong_files(fault: str, spoil: Callable[[Any], Any]) -> None:
    with sick_room(fault, at=3) as (server, (one, two)):
        one.type(0, " typed ")
        wait_until(lambda: one.state.get("dirty") is False and " typed " in two.sources[0], one, two)
        right = copy.deepcopy(TEMPLATE["cells"])
        right[0]["source"] = "first-1-2 typed "
        right[1]["outputs"][0]["text"] = ["1\n"]
        spoil(right)
        written = json.loads((server.root / PATH).read_text())["cells"]
        for cell in written:
            cell["source"] = "".join(cell["source"])
        assert written == right


@pytest.mark.parametrize("fault", ["no-save", "disk-full"])
def test_a_save_that_is_promised_and_not_done(fault: str) -> None:
    with sick_room(fault, at=3, save_delay=0.1) as (server, (one, two)):
        one.type(0, " typed")
        everybody_has("typed", one, two)
        one.save()
        wait_until(lambda: one.answers != [], one, two)
        assert one.answers[0]["status"] == "success"
        assert not any("typed" in source for source in saved_sources(server))
        model = {"type": "file", "format": "text", "content": "new"}
        assert server.request("PUT", "api/contents/new.txt", model)[0] == (500 if fault == "disk-full" else 201)


def test_die_ends_the_process() -> None:
    with sick_room("die", at=3) as (server, (one, two)):
        one.type(0, " last words")
        assert server.wait_until_it_ended(10) == 3
        wait_until(lambda: one.closed is not None and two.closed is not None, one, two)


def test_hang_leaves_a_process_that_answers_nothing() -> None:
    with sick_room("hang", at=3) as (server, (one, _)):
        one.type(0, " last words")
        wait_until(lambda: "Hang struck" in server.end_of_log(), one)
        assert server.running
        assert not server.answers(timeout=0.3)


@pytest.mark.parametrize(("fault", "code"), [("refuse-session", 1003), ("missing-file", 4404), ("corrupt", 4400)])
def test_refusals_close_every_line_from_one_on(fault: str, code: int) -> None:
    with processes.sick_server(fault, user=2) as server:
        write_template(server)
        with clients(server, 1) as (one,):
            for _ in range(2):
                refused = SmallClient(server, PATH, client_id=2)
                wait_until(lambda: refused.closed is not None, one, refused)  # noqa: B023
                assert refused.closed is not None
                assert refused.closed[0] == code
                refused.close()
            one.type(0, " still here")
            wait_until(lambda: one.echoes == 1, one)


def test_real_reasons_to_refuse_have_the_same_codes() -> None:
    with processes.sick_server() as server:
        missing = SmallClient(server, "missing.ipynb", client_id=1)
        (server.root / "broken.ipynb").write_text("{")
        broken = SmallClient(server, "broken.ipynb", client_id=1)
        wait_until(lambda: missing.closed is not None and broken.closed is not None, missing, broken)
        assert (missing.closed or ())[0] == 4404
        assert (broken.closed or ())[0] == 4400
        missing.close()
        broken.close()
        for room in ("json:notebook:any?sessionId=x", "json:notebook:any"):
            opened = websocket.create_connection(
                f"{server.websocket_url}/api/collaboration/room/{room}",
                header={"Authorization": f"token {server.token}"},
            )
            assert opened.recv_data()[1][:2] == (1003).to_bytes(2, "big")
            opened.shutdown()


def test_without_the_token_all_is_forbidden() -> None:
    with processes.sick_server() as server:
        token, server.token = server.token, ""
        assert server.request("GET", "api/status")[0] == 403
        assert server.request("GET", "api/status?token=wrong")[0] == 403
        assert server.request("GET", f"api/status?token={token}")[0] == 200
        assert server.request("GET", "api")[0] == 200
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            websocket.create_connection(f"{server.websocket_url}/api/collaboration/room/any")


def test_forbid_and_refuse_writes() -> None:
    model = {"type": "file", "format": "text", "content": "new"}
    with processes.sick_server("forbid") as server:
        assert server.request("GET", "api/status")[0] == 403
    for fault, status in (("refuse-writes", 403), ("fail-writes", 500)):
        with processes.sick_server(fault) as server:
            assert server.request("PUT", "api/contents/new.txt", model)[0] == status
            assert server.request("GET", "api/contents")[0] == 200


def test_http_flaky_fails_every_third_request() -> None:
    with processes.sick_server("http-flaky") as server:
        assert [server.request("GET", "api/status")[0] for _ in range(6)] == [200, 200, 503, 200, 200, 503]


@pytest.mark.parametrize("fault", ["late", "duplicate-delivery", "re-encode", "abrupt-close", "slow-save"])
def test_disturbances_leave_all_equal(fault: str) -> None:
    with processes.sick_server(fault, at=8) as server:
        write_template(server)
        with clients(server) as (one, two):
            one.announce()
            two.announce()
            for turn in range(10):
                one.type(0, f" {turn}")
                two.append_cell(f"more-{turn}", "two")
            if fault == "abrupt-close":
                wait_until(lambda: one.closed is not None and two.closed is not None, one, two)
                assert (one.closed or ())[0] == 1006
                for client in (one, two):
                    client.open()
                    client.announce()
            everybody_has("".join(f" {turn}" for turn in range(10)), one, two)
            wait_until(lambda: one.content == two.content and len(one.content) == 13, one, two)
            with clients(server, 1) as (joiner,):
                assert joiner.content == one.content
            wait_until(lambda: saved_sources(server) == one.sources, one, two)
            if fault == "re-encode":
                assert len({*one.sent, *two.sent} & {*one.received, *two.received}) <= 1
            if fault == "duplicate-delivery":
                wait_until(lambda: len(one.received) >= 2 * len(set(one.received)), one, two)


def test_late_messages_keep_their_order_and_take_their_time() -> None:
    with processes.sick_server("late") as server:
        write_template(server)
        with clients(server, 1) as (one,):
            begin = time.monotonic()
            for turn in range(5):
                one.type(0, f" {turn}")
            wait_until(lambda: one.echoes == 5, one)
            assert time.monotonic() - begin > 0.05
            assert [update for update in one.received if update in one.sent] == one.sent


def test_contents_are_those_of_a_jupyter_server() -> None:
    answers = []
    for start in (processes.jupyter_collaboration, processes.sick_server):
        with start() as server:
            write_template(server)
            (server.root / "folder").mkdir()
            calls = [
                ("PUT", "api/contents/folder/new.ipynb", {"type": "notebook", "format": "json", "content": TEMPLATE}),
                ("GET", "api/contents/folder/new.ipynb?content=0&hash=1", None),
                ("GET", "api/contents/folder/new.ipynb?type=notebook", None),
                ("GET", "api/contents/folder", None),
                ("POST", "api/contents/folder", {"type": "directory"}),
                ("POST", "api/contents/folder", {"copy_from": "folder/new.ipynb"}),
                ("PATCH", "api/contents/folder/new.ipynb", {"path": "folder/moved.ipynb"}),
                ("GET", "api/contents/folder/new.ipynb", None),
                ("DELETE", "api/contents/folder/moved.ipynb", None),
                ("GET", "api/contents/folder?type=file", None),
            ]
            answers.append([without_times(*server.request(*call)) for call in calls])
    for theirs, ours in zip(*answers, strict=True):
        assert ours == theirs


def without_times(status: int, answer: Any) -> Any:
    """An answer without what differs from one run to the next, and without the words of errors."""
    if status >= 400 or not isinstance(answer, dict):
        return status
    entries = answer["content"] if answer.get("type") == "directory" else None
    listed = sorted((entry["name"], entry["type"]) for entry in entries) if entries else entries
    kept = {key: value for key, value in answer.items() if key not in ("created", "last_modified", "content")}
    return status, kept, listed if answer.get("type") == "directory" else answer.get("content")
