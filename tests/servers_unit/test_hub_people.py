"""Who people are on a hub, how they log in, what of it is given back; and what a file of logins may hold."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from jupyter_rtc_locust.errors import ConnectionBroken, HubRefused, OptionsError
from jupyter_rtc_locust.servers import hub_people
from jupyter_rtc_locust.servers.hub import Hub, Whose
from jupyter_rtc_locust.servers.hub_people import HubAccess, HubPeople, read_access, read_logins
from jupyter_rtc_locust.settings import Settings

MANAGER = {"name": "load", "scopes": ["admin:users", "admin:servers", "tokens"]}
FORM = '<form><input type="password" name="password"></form>'


@pytest.fixture
def people_of(server):
    def make(*, run="4f2a", **access):
        secrets = []
        return HubPeople(server.base, HubAccess(**access), run, secrets.append), secrets

    return make


def test_one_token_that_manages_the_hub_makes_an_account_and_a_token_for_each(server, people_of):
    server.on("GET", "/hub/api/user", 200, MANAGER)
    for number in (0, 1):
        name = f"rtc-person-4f2a-{number}"
        server.on("POST", f"/hub/api/users/{name}", 409 if number else 201)
        server.on("POST", f"/hub/api/users/{name}/tokens", 201, {"id": f"a{number}", "token": f"of {name}"})
        server.on("DELETE", f"/hub/api/users/{name}/tokens/a{number}", 204)
        server.on("DELETE", f"/hub/api/users/{name}", 204)
    people, secrets = people_of(tokens=("manager",))
    assert [people.token_of(people.name(number)) for number in (0, 1, 0)] == [
        "of rtc-person-4f2a-0",
        "of rtc-person-4f2a-1",
        "of rtc-person-4f2a-0",
    ]
    assert people.leave() == people.leave() == []
    removed = [path for method, path in server.asked() if method == "DELETE"]
    # Tokens first, some at once; the account that had been there stays.
    assert sorted(removed[:2]) == [
        "/hub/api/users/rtc-person-4f2a-0/tokens/a0",
        "/hub/api/users/rtc-person-4f2a-1/tokens/a1",
    ]
    assert removed[2:] == ["/hub/api/users/rtc-person-4f2a-0"]
    assert set(secrets) == {"manager", "of rtc-person-4f2a-0", "of rtc-person-4f2a-1"}


OURS = "rtc-person-4f2a-0"


def manages(server, name, *accounts):
    """A hub that is asked for an account of this name answers with these, each time it is asked, and forgets it."""
    server.on("GET", "/hub/api/user", 200, MANAGER)
    for status in accounts:
        server.on("POST", f"/hub/api/users/{name}", status)
    server.on("POST", f"/hub/api/users/{name}/tokens", 201, {"id": "a1", "token": "made"})
    server.on("DELETE", f"/hub/api/users/{name}/tokens/a1", 204).on("DELETE", f"/hub/api/users/{name}", 204)


def test_an_account_whose_making_was_not_answered_is_removed_though_it_is_there_when_asked_for_again(
    server, people_of, monkeypatch
):
    manages(server, OURS, 409)
    people, _ = people_of(tokens=("manager",))
    make, unheard = Hub.make_account, [ConnectionBroken("no answer within 10 s.")]

    def make_unheard(hub, name):
        made = make(hub, name)
        if unheard:
            raise unheard.pop()
        return made

    monkeypatch.setattr(Hub, "make_account", make_unheard)
    with pytest.raises(ConnectionBroken):
        people.token_of(OURS)
    assert people.token_of(OURS) == "made"
    assert people.leave() == people.leave() == []
    assert server.asked()[-1] == ("DELETE", f"/hub/api/users/{OURS}")


def test_an_account_that_a_gateway_gave_up_is_removed_though_nobody_asked_again(server, people_of):
    manages(server, OURS, 504)
    people, _ = people_of(tokens=("manager",))
    with pytest.raises(HubRefused, match="504"):
        people.token_of(OURS)
    assert people.leave() == []
    assert server.asked()[-1] == ("DELETE", f"/hub/api/users/{OURS}")


def test_an_account_of_somebody_s_own_name_is_removed_only_where_the_hub_said_that_it_made_it(server, people_of):
    manages(server, "anna", 504, 409)
    people, _ = people_of(tokens=("manager",))
    with pytest.raises(HubRefused, match="504"):
        people.token_of("anna")
    assert people.token_of("anna") == "made"
    (problem,) = people.leave()
    assert "asked for an account anna and did not say what became of it" in problem
    assert ("DELETE", "/hub/api/users/anna") not in server.asked()


@pytest.mark.parametrize("name", ["anna", OURS])
@pytest.mark.parametrize("status", [400, 403, 429])
def test_an_account_that_the_hub_refused_to_make_is_none(server, people_of, name, status):
    manages(server, name, status)
    people, _ = people_of(tokens=("manager",))
    with pytest.raises(HubRefused, match=str(status)):
        people.token_of(name)
    assert people.leave() == []
    assert ("DELETE", f"/hub/api/users/{name}") not in server.asked()


def test_an_account_that_the_hub_refused_when_it_was_asked_again_may_have_been_made_before(server, people_of):
    manages(server, OURS, 504, 403)
    people, _ = people_of(tokens=("manager",))
    for status in ("504", "403"):
        with pytest.raises(HubRefused, match=status):
            people.token_of(OURS)
    assert people.leave() == []
    assert server.asked()[-1] == ("DELETE", f"/hub/api/users/{OURS}")


def test_an_account_that_the_hub_said_it_made_is_removed_whosever_name_it_has(server, people_of):
    manages(server, "anna", 504, 201)
    people, _ = people_of(tokens=("manager",))
    with pytest.raises(HubRefused, match="504"):
        people.token_of("anna")
    assert people.token_of("anna") == "made"
    assert people.leave() == []
    assert server.asked()[-1] == ("DELETE", "/hub/api/users/anna")


def test_who_leaves_a_run_that_goes_on_revokes_its_tokens_and_leaves_accounts_to_who_leaves_last(server, people_of):
    manages(server, OURS, 201)
    manages(server, "anna", 201)
    leaves_early, last = people_of(tokens=("manager",))[0], people_of(tokens=("manager",))[0]
    for name in (OURS, "anna"):
        leaves_early.token_of(name)
    (problem,), accounts = leaves_early.leave_to_others()
    assert problem.startswith("The account anna was made") and accounts == [OURS]
    assert leaves_early.leave() == []
    removed = {path for method, path in server.asked() if method == "DELETE"}
    assert removed == {f"/hub/api/users/{name}/tokens/a1" for name in (OURS, "anna")}
    assert last.name(0) == OURS
    assert last.inherit([OURS, "root"]) == []
    assert last.leave() == []
    assert server.asked()[-1] == ("DELETE", f"/hub/api/users/{OURS}")
    assert ("DELETE", "/hub/api/users/root") not in server.asked(), "a stranger's word removes nobody"
    assert last.inherit([OURS, "root"]) == [OURS], "it comes too late"


def test_an_account_without_a_token_is_removed(server, people_of):
    manages(server, OURS, 201)
    server.table["POST", f"/hub/api/users/{OURS}/tokens"] = [(403, {"message": "no"}, {})]
    people, _ = people_of(tokens=("manager",))
    with pytest.raises(HubRefused, match="a token of"):
        people.token_of(OURS)
    assert people.leave() == []
    assert server.asked()[-1] == ("DELETE", f"/hub/api/users/{OURS}")


@pytest.mark.parametrize("given", [{"password": "sesame"}, {"tokens": ("manager",)}])
def test_two_runs_at_once_have_people_of_their_own_and_each_process_of_a_run_the_same(server, people_of, given):
    server.on("GET", "/hub/api/user", 200, MANAGER)
    ours, ours_elsewhere, others = (people_of(run=run, **given)[0] for run in ("4f2a", "4f2a", "9c01"))
    assert [ours.name(0), ours.name(7)] == [ours_elsewhere.name(0), ours_elsewhere.name(7)]
    assert not {ours.name(0), ours.name(7)} & {others.name(0), others.name(7)}


def test_people_s_own_tokens_are_used_and_never_revoked(server, people_of):
    server.knows_tokens({"first": "ada", "second": "ben"})
    people, _ = people_of(tokens=("first", "second"))
    assert [people.name(number) for number in (0, 1, 2)] == ["ada", "ben", "ada"]
    assert people.token_of("ben") == "second"
    with pytest.raises(HubRefused, match="none of the given tokens is one of cleo"):
        people.token_of("cleo")
    assert people.leave() == []
    assert server.asked() == [("GET", "/hub/api/user")] * 2


def test_whose_tokens_were_given_is_asked_side_by_side_and_their_order_stays(people_of, monkeypatch):
    together, names = threading.Barrier(3), {"first": "ada", "second": "ben", "third": "cleo"}

    def whose(hub, which):
        together.wait(10)
        return Whose(names[hub.http.token()], manages=False)

    monkeypatch.setattr(Hub, "whose", whose)
    people, _ = people_of(tokens=tuple(names))
    assert [people.name(number) for number in range(4)] == ["ada", "ben", "cleo", "ada"]
    assert people.token_of("cleo") == "third"


def test_a_token_that_nobody_knows_among_many_is_refused(server, people_of):
    server.on("GET", "/hub/api/user", 200, {"name": "ada", "scopes": []}).on("GET", "/hub/api/user", 403, {})
    people, _ = people_of(tokens=("first", "second", "third"))
    for _ in range(2):
        with pytest.raises(HubRefused, match=r"refused token [123] of 3: .* 403"):
            people.name(0)


def _login(server, name, known_as):
    server.on("GET", "/hub/login", 200, FORM, Set_Cookie="_xsrf=mark; Path=/hub/")
    server.on("POST", "/hub/login", 302, None, Location="/hub/", Set_Cookie="login=yes; Path=/hub/")
    server.on("GET", "/hub/token", 200, "")
    server.on("GET", "/hub/api/user", 200, {"name": known_as})
    server.on("POST", f"/hub/api/users/{known_as}/tokens", 201, {"id": "a1", "token": f"of {name}"})
    server.on("DELETE", f"/hub/api/users/{known_as}/tokens/a1", 204)


def test_a_login_with_a_password_brings_a_token_which_is_revoked(server, people_of):
    _login(server, "Ada", "ada")
    people, secrets = people_of(logins=(("Ada", "open & shut"),))
    assert people.name(7) == "Ada"
    assert (people.token_of("Ada"), people.known_as("Ada")) == ("of Ada", "ada")
    form = next(one for one in server.requests if one.path == "/hub/login" and one.method == "POST")
    assert form.json == "username=Ada&password=open+%26+shut&_xsrf=mark"
    made = next(one for one in server.requests if one.path.endswith("/tokens"))
    assert made.headers["X-XSRFToken"] == "mark" and "login=yes" in made.headers["Cookie"]
    assert people.leave() == []
    assert server.asked()[-1] == ("DELETE", "/hub/api/users/ada/tokens/a1")
    assert set(secrets) == {"open & shut", "of Ada"}


def test_a_login_sends_no_password_of_a_netrc_file(server, people_of, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    _login(server, "ada", "ada")
    people, _ = people_of(logins=(("ada", "sesame"),))
    people.token_of("ada")
    assert [one for one in server.requests if "Authorization" in one.headers] == []


def test_a_refused_login_says_whose_and_not_with_which_password(server, people_of):
    server.on("GET", "/hub/login", 200, FORM).on("POST", "/hub/login", 403, "<html>Invalid</html>")
    people, _ = people_of(password="sesame")
    with pytest.raises(HubRefused, match="refused the login of rtc-person-4f2a-3: status 403") as refused:
        people.token_of(people.name(3))
    assert "sesame" not in str(refused.value)


def test_a_hub_that_logs_in_elsewhere_asks_for_tokens(server, people_of):
    server.on("GET", "/hub/login", 302, None, Location="https://elsewhere.example/")
    people, _ = people_of(password="sesame")
    with pytest.raises(HubRefused, match="--rtc-token-file"):
        people.token_of("ada")


def test_a_token_that_is_just_being_made_when_the_run_leaves_is_revoked_too(server, people_of, monkeypatch):
    server.on("GET", "/hub/api/user", 200, MANAGER).on("POST", "/hub/api/users/ada", 409)
    server.on("POST", "/hub/api/users/ada/tokens", 201, {"id": "a1", "token": "made"})
    server.on("DELETE", "/hub/api/users/ada/tokens/a1", 204)
    people, _ = people_of(tokens=("manager",))
    asked, go = threading.Event(), threading.Event()
    make = Hub.make_token

    def make_slowly(*what):
        made = make(*what)
        asked.set()
        assert go.wait(10)
        return made

    monkeypatch.setattr(Hub, "make_token", make_slowly)
    waiting = threading.Thread(target=lambda: people.token_of("ada"))
    waiting.start()
    assert asked.wait(10)
    threading.Timer(0.05, go.set).start()
    assert people.leave() == []
    waiting.join(10)
    assert server.asked()[-1] == ("DELETE", "/hub/api/users/ada/tokens/a1")
    with pytest.raises(HubRefused, match="after the run had left"):
        people.token_of("ben")


def test_whoever_still_waits_to_be_logged_in_when_the_run_leaves_is_refused_and_not_logged_in(
    server, people_of, monkeypatch
):
    monkeypatch.setattr(hub_people, "AT_ONCE", 1)
    server.on("GET", "/hub/api/user", 200, MANAGER)
    for name in ("ada", "ben"):
        server.on("POST", f"/hub/api/users/{name}", 409)
        server.on("POST", f"/hub/api/users/{name}/tokens", 201, {"id": "a1", "token": "made"})
        server.on("DELETE", f"/hub/api/users/{name}/tokens/a1", 204)
    people, _ = people_of(tokens=("manager",))
    asked, may, make = threading.Event(), threading.Event(), Hub.make_token

    def make_slowly(*what):
        asked.set()
        assert may.wait(10)
        return make(*what)

    monkeypatch.setattr(Hub, "make_token", make_slowly)
    waits, leaves = threading.Event(), threading.Event()
    submit, shutdown = people._logins.submit, people._logins.shutdown
    monkeypatch.setattr(people._logins, "submit", lambda *what: (submit(*what), what[1] == "ben" and waits.set())[0])
    monkeypatch.setattr(
        people._logins, "shutdown", lambda **how: (shutdown(wait=False, **how), leaves.set(), shutdown())
    )
    with ThreadPoolExecutor(3) as all_three:
        under_way = all_three.submit(people.token_of, "ada")
        assert asked.wait(10)
        waiting = all_three.submit(people.token_of, "ben")
        assert waits.wait(10)
        leaving = all_three.submit(people.leave)
        assert leaves.wait(10)
        assert isinstance(waiting.exception(10), HubRefused)
        may.set()
        assert leaving.result(10) == []
        assert under_way.result(10) == "made"
    assert ("POST", "/hub/api/users/ben") not in server.asked()
    assert server.asked()[-1] == ("DELETE", "/hub/api/users/ada/tokens/a1")


def test_what_could_not_be_revoked_is_told(server, people_of):
    server.on("GET", "/hub/api/user", 200, MANAGER).on("POST", "/hub/api/users/ada", 409)
    server.on("POST", "/hub/api/users/ada/tokens", 201, {"id": "a1", "token": "made"})
    server.on("DELETE", "/hub/api/users/ada/tokens/a1", 500, {"message": "no, not made"})
    people, _ = people_of(tokens=("manager",))
    people.token_of("ada")
    (problem,) = people.leave()
    assert problem.startswith("A token of ada was not revoked")


# -- what a process is given -----------------------------------------------------------------------------------------

HUB = Settings(hub="http://127.0.0.1:1", host="http://127.0.0.1:1")


def test_a_file_of_logins_is_read_line_by_line(tmp_path):
    path = tmp_path / "logins"
    path.write_text("ada:one:two \n\nben:x\n")
    assert read_logins(path) == (("ada", "one:two "), ("ben", "x"))


@pytest.mark.parametrize("text", ["", "ada\n", "ada:\n", ":secret\n", "ada:x\nada:y\n"])
def test_a_file_that_is_none_is_refused_without_being_repeated(tmp_path, text):
    path = tmp_path / "logins"
    path.write_text(text)
    with pytest.raises(OptionsError, match="--rtc-hub-logins") as refused:
        read_logins(path)
    assert "secret" not in str(refused.value)


def test_the_line_that_is_no_login_is_named(tmp_path):
    path = tmp_path / "logins"
    path.write_text("ada:x\n\nben\n")
    with pytest.raises(OptionsError, match=r"line 3 is no NAME:PASSWORD\. Write one in each line"):
        read_logins(path)


def test_whoever_has_the_server_needs_a_login(tmp_path):
    path = tmp_path / "logins"
    path.write_text("ada:secret\nben:x\n")
    hub = replace(HUB, hub_logins=path, hub_server="ben")
    assert read_access(hub).logins == (("ada", "secret"), ("ben", "x"))
    with pytest.raises(OptionsError, match=r"--rtc-hub-server 'cleo': .* has no line for that person") as refused:
        read_access(replace(hub, hub_server="cleo"))
    assert "secret" not in str(refused.value)


def test_a_password_in_the_environment_comes_before_a_token(tmp_path):
    both = {"JUPYTERHUB_PASSWORD": "sesame", "JUPYTER_TOKEN": "token"}
    assert read_access(HUB, both) == HubAccess(password="sesame")
    assert read_access(HUB, {"JUPYTER_TOKEN": "token"}) == HubAccess(tokens=("token",))
    assert "sesame" not in repr(read_access(HUB, both))
    with pytest.raises(OptionsError, match="nobody can log in"):
        read_access(HUB, {})
