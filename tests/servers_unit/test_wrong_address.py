"""What is said of an address at which no server could be used, by what stands there or at what it begins with."""

import pytest

from jupyter_rtc_locust.errors import ServerUnusable
from jupyter_rtc_locust.servers.detection import find_server
from jupyter_rtc_locust.servers.wrong_address import what_is_there

HUB = {"version": "6.1.1"}
SERVER = {"version": "2.17.0"}


@pytest.fixture
def hub(server):
    """It sends whoever comes elsewhere to itself, as JupyterHub does."""
    for path in ("/api", "/user/ada/api", "/user/ada/lab/api"):
        server.on("GET", path, 302, Location=f"/hub{path}")
    return server.on("GET", "/hub/api", 200, HUB)


def what(server, client_of, path=""):
    return what_is_there(client_of("secret", base=server.base + path))


@pytest.mark.parametrize("path", ["", "/hub", "/hub/home", "/hub/user/ada"])
def test_the_address_of_a_hub_is_told_with_both_ways_on(hub, client_of, path):
    said = what(hub, client_of, path)
    assert f"--host {hub.base}{path} is the address of a JupyterHub ({hub.base}/hub/api says 6.1.1)" in said
    assert f"--rtc-hub {hub.base} in place of --host" in said
    assert said.endswith(f"--host {hub.base}/user/NAME.")


def test_a_hub_below_a_path_is_found_there(server, client_of):
    server.on("GET", "/base/hub/api", 200, HUB)
    assert f"--rtc-hub {server.base}/base in place" in what(server, client_of, "/base")


@pytest.mark.parametrize("path", ["/user/ada", "/user/ada/lab", "/user/ada/lab/tree/a.ipynb"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, {"servers": {}}), "the server of ada does not run. Start it first, at {base}/hub/home."),
        ((403, {}), "the server of ada does not run, or nobody there is called so. Start it first"),
        ((404, {}), "nobody there is called ada. Is the name right?"),
        ((200, {"servers": {"": {"pending": "spawn"}}}), "not ready (pending spawn). Wait until it is."),
        ((200, {"servers": {"": {"ready": True, "url": "/user/ad/"}}}), "runs at {base}/user/ad. Is that the address"),
    ],
)
def test_a_person_s_server_that_does_not_answer_is_told_with_what_the_hub_says_of_it(
    hub, client_of, answer, words, path
):
    hub.on("GET", "/hub/api/users/ada", *answer)
    said = what(hub, client_of, path)
    assert words.format(base=hub.base) in said
    assert f"GET {hub.base}{path}/api showed no Jupyter server, and the JupyterHub 6.1.1 at {hub.base} answers" in said
    assert f"--rtc-hub {hub.base} in place of --host" in said
    assert "secret" not in said


@pytest.mark.parametrize("below", ["", "/user/ada"])
@pytest.mark.parametrize("page", ["/lab", "/lab/tree/folder/a.ipynb", "/tree", "/doc/tree/a.ipynb"])
def test_an_address_out_of_a_browser_is_told_what_to_leave_out(server, client_of, below, page):
    server.on("GET", f"{below}/api", 200, SERVER).on("GET", "/hub/api", 200, HUB)
    said = what(server, client_of, below + page)
    assert said.endswith(f"leave {page} out of the address, and give --host {server.base}{below}.")


@pytest.mark.parametrize("path", ["", "/below"])
def test_nothing_is_said_where_nothing_is_known(server, client_of, path):
    for there in ("/api", "/hub/api", f"{path}/api"):
        server.on("GET", there, 200, "okay")
    assert what(server, client_of, path) == ""


def test_nothing_is_said_of_a_server_s_own_address(server, client_of):
    server.on("GET", "/below/api", 200, SERVER).on("GET", "/hub/api", 200, HUB)
    assert what(server, client_of, "/below") == ""


def test_only_the_hub_of_a_server_is_asked_with_the_token(hub, client_of):
    for path in ("/somebody/lab", "/hub/home", "/user/ada/lab"):
        what(hub, client_of, path)
    assert {one.path for one in hub.requests if "secret" in str(one.headers)} == {"/hub/api/users/ada"}


def test_a_long_path_is_not_followed_for_ever(server, client_of):
    assert what(server, client_of, "/a" * 100) == ""
    assert len(server.requests) < 20


def test_whoever_does_not_answer_is_asked_no_more(client_of):
    assert what_is_there(client_of(base="http://127.0.0.1:1/a/b/c")) == ""


def test_a_hub_in_place_of_a_server_whose_kind_is_named_is_told_as_well(hub, client_of):
    hub.on("GET", "/api/contents/?content=0", 302, Location="/hub/api/contents")
    with pytest.raises(ServerUnusable, match="is the address of a JupyterHub"):
        find_server(client_of("secret"), "jupyter-collaboration")


def test_a_page_in_place_of_a_server_whose_kind_is_named_is_told_as_well(server, client_of):
    server.on("GET", "/api", 200, SERVER)
    with pytest.raises(ServerUnusable, match="leave /lab out"):
        find_server(client_of("secret", base=f"{server.base}/lab"), "jupyter-collaboration")


def test_a_server_that_asks_for_a_login_is_still_said_to_have_refused_the_token(server, client_of):
    server.on("GET", "/api", 200, SERVER).on("GET", "/api/contents/?content=0", 302, Location="/login")
    with pytest.raises(ServerUnusable, match="the token was refused"):
        find_server(client_of("secret"), "auto")
