"""The command `jupyter rtc-locust`: what it makes of its arguments, and when it refuses."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_rtc_locust import command_line
from jupyter_rtc_locust.command_line import locustfiles_folder, main, port_in_use
from jupyter_rtc_locust.demo import embedded_server
from jupyter_rtc_locust.exit_codes import OPTIONS_REFUSED, PASSED
from runs.patches import replace_in


class BecameLocustError(Exception):
    """In place of `exec`, which would not come back."""


@pytest.fixture
def locustfiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "locustfiles"
    folder.mkdir()
    (folder / "notebook_editing.py").touch()
    monkeypatch.setattr(command_line, "locustfiles_folder", lambda: folder)
    monkeypatch.delenv("LOCUST_HOST", raising=False)
    return folder


def arguments_for_locust(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    """Run the command and return what Locust would have been started with."""

    def become(program: str, command: list[str]) -> None:
        assert program == sys.executable
        assert command[:4] == [sys.executable, "-P", "-m", "locust"]
        raise BecameLocustError(command[4:])

    replace_in(monkeypatch, command_line, "os", execv=become)
    with pytest.raises(BecameLocustError) as caught:
        main(arguments)
    started_with: list[str] = caught.value.args[0]
    return started_with


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_demo_is_a_headless_run_of_ten_people_on_two_notebooks(
    locustfiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ["--headless", "--run-time", "30s", "--users", "10", "--spawn-rate", "5", "--rtc-documents", "2"]
    nobody_else_connects = ["--master-bind-host", "127.0.0.1"]
    expected = ["--locustfile", str(locustfiles / "notebook_editing.py"), *ours, *nobody_else_connects]
    assert arguments_for_locust(monkeypatch, "demo") == expected


def test_web_is_the_same_run_with_a_page_on_the_loopback_address(
    locustfiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "port_in_use", lambda _host, _port: False)
    arguments = arguments_for_locust(monkeypatch, "web")
    assert "--headless" not in arguments
    assert arguments[arguments.index("--web-host") + 1] == "127.0.0.1"
    assert arguments[arguments.index("--web-port") + 1] == "8089"
    assert arguments[arguments.index("--rtc-documents") + 1] == "2"


def test_more_arguments_come_last_so_that_they_win(locustfiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ["-u", "20", "--rtc-edit-rate=0.5", "-t", "2m", "--rtc-keep", "SomeUser"]
    assert arguments_for_locust(monkeypatch, "demo", *more)[-len(more) :] == more


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["-u", "-t", "-H", "-f", "--rtc-seed", "--processes", "--rtc-keep", "--host=http://a"]),
            st.from_regex(r"[a-z0-9./:]{1,8}", fullmatch=True),
        ),
        max_size=8,
    )
)
@settings(deadline=None, max_examples=50)
def test_whatever_is_passed_on_keeps_its_order(more: list[str]) -> None:
    options, passed_on = command_line._parser().parse_known_args(["demo", *more])
    assert options.command == "demo"
    assert passed_on == more


def test_the_packaged_locustfiles_are_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "jupyter_rtc_locust"
    (package / "locustfiles").mkdir(parents=True)
    (package / "locustfiles" / "notebook_editing.py").touch()
    monkeypatch.setattr(command_line, "__file__", str(package / "command_line.py"))
    assert locustfiles_folder() == package / "locustfiles"


def test_the_packaged_locustfiles_are_found_beside_the_sources_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "jupyter_rtc_locust"
    (tmp_path / "locustfiles").mkdir()
    (tmp_path / "locustfiles" / "notebook_editing.py").touch()
    monkeypatch.setattr(command_line, "__file__", str(package / "command_line.py"))
    assert locustfiles_folder() == tmp_path / "locustfiles"


def test_without_the_packaged_locustfiles_the_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "__file__", str(tmp_path / "a" / "b" / "command_line.py"))
    assert main(["demo"]) == OPTIONS_REFUSED
    assert "Reinstall" in capsys.readouterr().err


def test_a_port_in_use_is_told_before_anything_is_started(
    locustfiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["web", "--web-port", str(port)]) == OPTIONS_REFUSED
    message = capsys.readouterr().err
    assert f"http://127.0.0.1:{port}" in message
    assert "--web-port" in message
    suggested = int(message.split()[-1])
    assert suggested > port
    assert not port_in_use("127.0.0.1", suggested)


def test_a_port_that_only_lingers_is_no_obstacle(locustfiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = server.accept()
        accepted.close()  # whoever closes first is left in TIME_WAIT
        client.recv(1)
    assert arguments_for_locust(monkeypatch, "web", f"--web-port={port}")[-1] == f"--web-port={port}"


def test_a_headless_run_does_not_care_about_the_port(locustfiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "port_in_use", lambda _host, _port: True)
    assert arguments_for_locust(monkeypatch, "demo")


def test_without_the_extra_a_run_needs_a_server_of_ones_own(
    locustfiles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(embedded_server._MODULE_OF_PACKAGE, "jupyter-collaboration", "surely_not_installed")
    assert main(["demo"]) == OPTIONS_REFUSED
    message = capsys.readouterr().err
    assert "pip install 'jupyter-rtc-locust[demo]'" in message
    assert "jupyter-collaboration" in message
    assert arguments_for_locust(monkeypatch, "demo", "--host", "http://127.0.0.1:1")[-1] == "http://127.0.0.1:1"
    assert arguments_for_locust(monkeypatch, "demo", "-H=http://127.0.0.1:1")
    monkeypatch.setenv("LOCUST_HOST", "http://127.0.0.1:1")
    assert arguments_for_locust(monkeypatch, "demo")


@pytest.mark.alone
def test_init_writes_a_short_locustfile_and_says_how_to_run_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == PASSED
    assert "locust -f locustfile.py --headless -u 10 -r 5 -t 30s" in capsys.readouterr().out
    content = (tmp_path / "locustfile.py").read_text()
    assert 10 <= len(content.splitlines()) <= 30
    classes = [node for node in ast.parse(content).body if isinstance(node, ast.ClassDef)]
    assert [ast.unparse(base) for node in classes for base in node.bases] == ["NotebookUser"]


def test_init_overwrites_a_file_only_when_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("precious")
    assert main(["init", str(mine)]) == OPTIONS_REFUSED
    assert "--force" in capsys.readouterr().err
    assert mine.read_text() == "precious"
    assert main(["init", "--force", str(mine)]) == PASSED
    assert "NotebookUser" in mine.read_text()


def test_init_into_a_folder_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "nowhere" / "mine.py")]) == OPTIONS_REFUSED
    assert "could not be written: No such file or directory" in capsys.readouterr().err


# -- capacity ---------------------------------------------------------------------------------------------------------


def test_a_search_for_a_capacity_is_a_run_of_the_profile_with_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCUST_HOST", raising=False)
    started_with = arguments_for_locust(
        monkeypatch, "capacity", "--profile", "lecture", "--most", "90", "--step", "5", "--processes", "2"
    )
    folder = locustfiles_folder()
    files = started_with[started_with.index("--locustfile") + 1]
    assert files == f"{folder / 'lecture.py'},{folder / 'capacity_shape.py'}"
    assert started_with[started_with.index("--users") + 1] == "90"
    assert started_with[started_with.index("--rtc-promise") + 1] == "update echo p95 < 300ms"
    assert started_with[started_with.index("--rtc-step") + 1] == "5"
    assert started_with[-2:] == ["--processes", "2"]


def test_a_locustfile_of_ones_own_is_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.py"
    own.touch()
    started_with = arguments_for_locust(monkeypatch, "capacity", "--profile", str(own))
    assert started_with[started_with.index("--locustfile") + 1].startswith(f"{own},")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--profile", "nobody"), "lab_class"),
        (("--promise", "echo < 1"), "--promise"),
        (("--promise", " "), "--promise is empty"),
        (("--most", "0"), "--most 0"),
        (("--step", "9", "--most", "8"), "--step 9 is more than --most 8"),
        (("-u", "50"), "by --most"),
        (("--locustfile=x.py",), "by --profile"),
    ],
)
def test_what_a_search_cannot_begin_with_is_refused(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("capacity", *arguments)) == OPTIONS_REFUSED
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("command", [["init"], ["show"], ["check"], ["report"], ["compare", "a", "b"]])
def test_a_command_that_runs_nothing_knows_no_options_of_locust(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "-u", "3"])
    assert caught.value.code == OPTIONS_REFUSED
    assert f"{command[0]} does not know: -u" in capsys.readouterr().err


@pytest.mark.parametrize("start", [[str(Path(sys.executable).with_name("jupyter")), "rtc-locust"], ["-m"]])
def test_it_is_a_subcommand_of_jupyter_and_a_module(start: list[str]) -> None:
    command = [sys.executable, "-m", "jupyter_rtc_locust"] if start == ["-m"] else start
    folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": folder + os.pathsep + os.environ["PATH"]}
    answer = subprocess.run([*command, "--version"], check=False, capture_output=True, text=True, env=environment)
    assert (answer.returncode, answer.stdout.strip()) == (0, version("jupyter-rtc-locust"))


def test_asking_for_help_does_not_start_locust() -> None:
    program = "import sys; from jupyter_rtc_locust import command_line; print('gevent' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
