"""Our part of Locust's web UI, on Flask: the live page, the tab, the results of the last run, the groups of the form.

Every route takes Locust's login where there is one, and stands below `--web-base-path`. What the picture tells of
servers and documents is sent as JSON, and shown as text by the page.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
from flask import Blueprint, Response, before_render_template, request

from jupyter_rtc_locust.web import convergence, form_groups, results

if TYPE_CHECKING:
    from locust.web import WebUI

ASSETS = {
    "additions.css": "text/css; charset=utf-8",
    "additions.js": "text/javascript; charset=utf-8",
    "charts.js": "text/javascript; charset=utf-8",
    "controls.js": "text/javascript; charset=utf-8",
    "difference.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "live.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "tiles.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
}
"""The files of the pages; they stand in the package."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of the live page: nothing inline, nothing from elsewhere, in nobody's frame."""

_NOTHING_YET = (
    "There is nothing to download: no run of this process has ended yet, or its file was not made. Results appear here "
    "when a run has its verdict; earlier ones are in the results folder."
)

KEPT_S = 1.0
"""The rows of the tab are made anew at most so often, however many people look; what they are made from is no newer."""

Picture = Callable[[], Mapping[str, Any]]
ResultsFolder = Callable[[], Path | None]


def add_to_web_ui(web_ui: WebUI, base: str, *, picture: Picture, results_folder: ResultsFolder, guard: str) -> None:
    """Add our pages to Locust's. `base` is Locust's `--web-base-path`, without a slash at its end.

    `picture` tells the run as `live.json` does. `results_folder` is that of the last run that ended, None before there
    is one. `guard` is what the live page's buttons have to send with what they ask for.
    """
    app = web_ui.app
    assert app is not None
    _add_tab(web_ui, f"{base}/stats/requests", picture)
    _add_groups(web_ui, f"{base}/")
    pages = Blueprint("rtc-pages", __name__, url_prefix=f"{base}/rtc")
    _add_live_page(web_ui, pages, guard)
    _add_results(web_ui, pages, results_folder)
    app.register_blueprint(pages)
    _keep_to_ourselves(web_ui, f"{base}/rtc/")


def _add_tab(web_ui: WebUI, path: str, picture: Picture) -> None:
    web_ui.template_args["extended_tabs"] = [*web_ui.template_args.get("extended_tabs", ()), convergence.TAB]
    web_ui.template_args["extended_tables"] = [
        *web_ui.template_args.get("extended_tables", ()),
        *convergence.structure(),
    ]
    links = [{"href": "./rtc/", "title": "Live page"}]
    links += [{"href": f"./rtc/results/{name}", "title": title} for name, title in results.LINKS]
    web_ui.template_args["extended_csv_files"] = [*web_ui.template_args.get("extended_csv_files", ()), *links]
    assert web_ui.app is not None
    kept: list[tuple[float, list[dict[str, Any]]]] = []

    def rows() -> list[dict[str, Any]]:
        now = time.monotonic()
        if not kept or now - kept[0][0] >= KEPT_S:
            kept[:] = [(now, convergence.rows(picture()["documents"]))]
        return kept[0][1]

    @web_ui.app.after_request
    def tell_convergence(response: Response) -> Response:
        if request.path != path or not response.is_json:  # where one must log in first, it is none
            return response
        told = response.get_json()
        others = [one for one in told.get("extended_stats", ()) if one.get("key") != convergence.KEY]
        told["extended_stats"] = [*others, {"key": convergence.KEY, "data": rows()}]
        # A new one: Locust keeps its answer for two seconds, and must not find ours in it.
        return Response(json.dumps(told), response.status_code, mimetype="application/json")


def _add_groups(web_ui: WebUI, path: str) -> None:
    app = web_ui.app
    assert app is not None
    # Jinja would sort the options by name again.
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}

    def group(_sender: Any, context: dict[str, Any], **_: Any) -> None:
        told = context.get("template_args")
        if isinstance(told, dict) and "extra_options" in told:
            options = told["extra_options"]
            context["template_args"] = {
                **told,
                "extra_options": form_groups.grouped(options),
                "rtc_groups": form_groups.groups_for_script(options),
            }

    before_render_template.connect(group, app, weak=False)

    @app.after_request
    def add_script(response: Response) -> Response:
        if request.path == path and response.mimetype == "text/html" and not response.is_streamed:
            script = b'<script type="module" src="./rtc/assets/additions.js"></script></body>'
            response.set_data(response.get_data().replace(b"</body>", script))
        return response


def _add_live_page(web_ui: WebUI, pages: Blueprint, guard: str) -> None:
    folder = resources.files("jupyter_rtc_locust.web") / "assets"
    page = (folder / "live.html").read_text("utf-8").replace("{guard}", html.escape(guard))
    assets = {name: (folder / name).read_bytes() for name in ASSETS}

    @pages.route("/")
    @web_ui.auth_required_if_enabled
    def live_page() -> Response:
        answer = Response(page, content_type="text/html; charset=utf-8")
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @pages.route("/assets/<name>")
    @web_ui.auth_required_if_enabled
    def asset(name: str) -> Response:
        if name not in assets:
            return Response("There is no such file.", 404, content_type="text/plain; charset=utf-8")
        answer = Response(assets[name], content_type=ASSETS[name])
        answer.headers["Cache-Control"] = "no-cache"  # another version of the package may be at this address next
        return answer


def _add_results(web_ui: WebUI, pages: Blueprint, results_folder: ResultsFolder) -> None:
    def nothing() -> Response:
        return Response(_NOTHING_YET, 404, content_type="text/plain; charset=utf-8")

    @pages.route(f"/results/{results.EVIDENCE}")
    @web_ui.auth_required_if_enabled
    def evidence() -> Response:
        folder = results_folder()
        files = results.evidence_of(folder) if folder is not None else []
        if folder is None or not files:
            return nothing()
        answer = Response(_by_turns(results.packed(folder, files)), content_type="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="{results.EVIDENCE}"'
        return answer

    @pages.route("/results/<name>")
    @web_ui.auth_required_if_enabled
    def result(name: str) -> Response:
        folder = results_folder()
        path = results.file_of(folder, name) if folder is not None else None
        try:
            content = path.read_bytes() if path is not None else None
        except OSError:  # removed by the run that begins
            content = None
        if content is None:
            return nothing()
        answer = Response(content, content_type=results.FILES[name])
        answer.headers["Content-Security-Policy"] = results.POLICY
        return answer


def _keep_to_ourselves(web_ui: WebUI, prefix: str) -> None:
    """Answers of ours are not for pages from elsewhere: Locust lets every page read every answer.

    flask-cors leaves an answer alone that says already who may read it, and is asked after us, because it was there
    before (measured with flask-cors 6).
    """
    assert web_ui.app is not None

    @web_ui.app.after_request
    def for_our_own_pages(response: Response) -> Response:
        if request.path.startswith(prefix):
            response.headers["Access-Control-Allow-Origin"] = f"{request.scheme}://{request.host}"
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Vary"] = "Origin"
        return response


def _by_turns(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        gevent.sleep(0)
