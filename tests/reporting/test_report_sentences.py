import pytest

from jupyter_rtc_locust.reporting.report import kinds
from jupyter_rtc_locust.reporting.report.repeated import command, needed
from jupyter_rtc_locust.reporting.report.sentences import one_cause, work_not_shown
from jupyter_rtc_locust.reporting.report.told_evidence import DocumentTold, FindingTold


def found(kind, users, authors=()):
    return FindingTold(1, kind, "what was found", users, None, authors=authors)


def run(host=None, server="", locustfile="locustfiles/lab_class.py"):
    given = ["--host", host] if host else []
    return {"command": ["locust", "-f", locustfile, "-u", "6", *given], "server": server}


BOTH = DocumentTold("a.ipynb", (found("pending-updates", (2,)), found("diverged", (2,)), found("diverged", (3,))))
WHOLE = [kinds.told(kind).holds for kind in ("joiner-differs", "lost-edit", "duplicated-content", "invented-edit")]


def test_a_copy_that_stopped_and_differs_is_told_as_one_thing():
    (said,) = one_cause(BOTH, WHOLE)
    assert said.startswith("For user 2 the two findings are of one thing that happened")
    assert said.endswith("Opened again, the document is whole: a newcomer got all of it.")
    apart = (found("pending-updates", (2,)), found("diverged", (3,)))
    assert one_cause(DocumentTold("a.ipynb", apart), WHOLE) == []


@pytest.mark.parametrize("missing", WHOLE)
def test_that_a_newcomer_got_all_is_said_only_where_it_was_asked_and_is_so(missing):
    (said,) = one_cause(BOTH, [one for one in WHOLE if one != missing])
    assert "newcomer" not in said


def test_whose_work_did_not_arrive_is_told_where_it_is_known():
    findings = [found("pending-updates", (2,), (4,)), found("diverged", (1,), (3,)), found("lost-edit", (1,), (5,))]
    assert work_not_shown(findings) == "What users 3 and 4 wrote did not all reach them"
    assert work_not_shown([found("diverged", (1,))]) == ""


@pytest.mark.parametrize("host", ["http://127.0.0.1:47931", "http://localhost:8888/base", "http://[::1]:80"])
def test_a_server_that_nobody_else_can_reach_is_left_to_be_filled_in(host):
    of_it = run(host, "jupyter-collaboration on jupyter-server 2.17.0")
    assert command(of_it)[-2:] == ["--host", "ADDRESS"]
    told = " ".join(needed(of_it, "results"))
    assert f"(jupyter-collaboration on jupyter-server 2.17.0, then at {host}), whose address goes in the place" in told
    assert "`jupyter lab --no-browser` starts one" in told


def test_a_server_with_a_name_stays():
    of_it = run("https://hub.example.org/user/a", "jupyter-collaboration on jupyter-server 2.17.0")
    assert command(of_it)[-1] == "https://hub.example.org/user/a"
    assert "ADDRESS" not in " ".join(needed(of_it, "results"))


def test_a_locustfile_of_somebody_is_to_be_had_from_them():
    told = needed(run(locustfile="mine.py"), "results")
    assert "The locustfile mine.py, from whoever led the run, in the folder in which the command is typed." in told
