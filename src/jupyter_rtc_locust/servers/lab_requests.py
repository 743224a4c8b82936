"""What a JupyterLab 4.6 tab asks its server over HTTP, and when: data, as one was recorded to do.

A tab asks while it opens a document, every ten seconds, after each save of the server's, and around a save by hand.
Left out is what would leave something behind or run a program: the requests for a kernel's session, and a checkpoint of
a document that is not the run's own. The tab's workspace, which it stores again and again, is one of its own here and
not `default`, which is the person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_rtc_locust.servers.base import Document
from jupyter_rtc_locust.servers.http import quoted


@dataclass(frozen=True, slots=True)
class LabRequest:
    """One request, `after_s` seconds after whatever it follows. `path` begins with a slash."""

    after_s: float
    method: str
    path: str
    json: Any = None


REFRESH_S = 10.0
"""A tab looks for news so often; its file browser anew from each save."""
SELDOM_REFRESH_S = 60.0
"""For some news it looks so often."""


class LabRequests:
    """The requests of one tab with one document open, and a workspace of this name."""

    def __init__(self, document: Document, workspace: str) -> None:
        path, folder = quoted(document.path), quoted(document.path.rpartition("/")[0])
        self._path = f"/api/contents/{path}"
        self._folder = f"/api/contents/{folder}".rstrip("/") + "?content=1&hash=0"
        self._workspace = f"/lab/api/workspaces/{workspace}"
        self._type = "notebook" if document.kind == "notebook" else "file"
        self._layout = _layout(document.path, workspace)
        self._ours = document.ours

    def of_opening(self) -> list[LabRequest]:
        """From loading the page to the usable document; seconds are from the first of them."""
        model = f"{self._path}?content=0&hash=0"
        return [
            _get(0.0, "/api/kernelspecs"),
            _get(0.0, "/api/me"),
            _get(0.0, "/lab/api/settings"),
            _get(0.0, "/api/kernels"),
            _get(0.0, "/api/terminals"),
            _get(0.0, "/api/sessions"),
            _get(0.0, "/lab/api/workspaces"),
            _get(0.0, "/api/kernelspecs"),
            _get(0.0, "/api/me"),
            _get(0.4, "/lab/api/translations/default"),
            _get(1.1, "/api/config/jupyterlabapputilsextensionannouncements"),
            _get(1.1, "/lab/api/build"),
            _get(1.1, "/lab/api/translations"),
            _get(1.1, self._folder),
            _get(1.1, "/lab/api/settings/@jupyterlab/docmanager-extension:plugin"),
            _get(1.1, "/lab/api/settings/@jupyterlab/codemirror-extension:plugin"),
            _get(1.1, "/lab/api/settings/@jupyterlab/notebook-extension:panel"),
            _get(1.15, "/lab/api/themes/@jupyterlab/theme-light-extension/index.css"),
            _get(1.25, "/lab/api/settings?ids_only=true"),
            self._store_workspace(2.15),
            _get(2.2, model),
            _get(2.2, model),
            _get(2.2, self._folder),
            _get(2.2, model),
            _get(2.35, f"{self._path}?type={self._type}&content=0&hash=1"),
            _get(2.35, "/api/nbconvert"),
            _get(2.4, self._folder),
            _get(2.9, f"{self._path}/checkpoints"),
            _get(2.9, f"{self._path}/checkpoints"),
            _get(2.9, "/api/sessions"),
            _get(3.1, "/api/sessions"),
            _get(3.1, "/api/kernels"),
            _get(3.2, "/api/sessions"),
            _get(3.2, "/api/kernelspecs"),
            self._store_workspace(3.9),
        ]

    def of_refresh(self) -> list[LabRequest]:
        """Every ten seconds: what runs on the server."""
        return [
            _get(0.0, "/api/terminals"),
            _get(0.0, "/lab/api/workspaces"),
            _get(2.7, "/api/kernels"),
            _get(2.75, "/api/sessions"),
        ]

    def of_file_browser(self) -> list[LabRequest]:
        """Ten seconds after the file browser looked last, be it for a save: which files there are."""
        return [_get(0.0, self._folder), self._store_workspace(0.5)]

    def of_seldom_refresh(self) -> list[LabRequest]:
        """Every minute, besides."""
        return [_get(1.9, "/api/me"), _get(1.9, "/api/kernelspecs")]

    def after_change(self) -> list[LabRequest]:
        """When the document was changed for the first time since it was saved."""
        return [self._store_workspace(0.5)]

    def after_save(self) -> list[LabRequest]:
        """When the server told that it has saved."""
        return [
            _get(0.0, f"{self._path}?content=0&hash=0"),
            _get(0.01, f"{self._path}/checkpoints"),
            _get(0.01, self._folder),
            self._store_workspace(0.55),
        ]

    def before_manual_save(self) -> list[LabRequest]:
        """Ctrl+S was pressed."""
        return [_get(0.0, f"{self._path}?content=0&hash=1")]

    def after_manual_save(self) -> list[LabRequest]:
        """The server answered it."""
        requests = [
            _get(0.0, f"{self._path}?type={self._type}&content=0&hash=0"),
            _get(0.01, f"{self._path}?content=0&hash=1"),
        ]
        return [*requests, LabRequest(0.03, "POST", f"{self._path}/checkpoints")] if self._ours else requests

    def of_closing(self) -> list[LabRequest]:
        """So that nothing is left behind. A real tab does not do this: its workspace is meant to stay."""
        return [LabRequest(0.0, "DELETE", self._workspace)]

    def _store_workspace(self, after_s: float) -> LabRequest:
        return LabRequest(after_s, "PUT", self._workspace, self._layout)


def _get(after_s: float, path: str) -> LabRequest:
    return LabRequest(after_s, "GET", path)


def _layout(path: str, workspace: str) -> dict[str, Any]:
    """A workspace with one document in it, about as long as a tab's."""
    widget = f"notebook:{path}"
    panels = ["filebrowser", "running-sessions", "@jupyterlab/toc:plugin", "extensionmanager.main-view"]
    return {
        "data": {
            "layout-restorer:data": {
                "main": {"dock": {"type": "tab-area", "currentIndex": 0, "widgets": [widget]}, "current": widget},
                "left": {"collapsed": False, "visible": True, "current": "filebrowser", "widgets": panels},
                "right": {"collapsed": True, "visible": True, "widgets": ["jp-property-inspector", "debugger-sidebar"]},
                "relativeSizes": [0.26, 0.74, 0],
                "top": {"simpleVisibility": True},
            },
            widget: {"data": {"path": path, "factory": "Notebook"}},
        },
        "metadata": {"id": workspace},
    }
