"""The documents that users start from: a notebook or a text file on disk, or a folder of notebooks.

Loaded and judged before anything is opened, because a template that no healthy stack can keep would look like a fault
of the server at the end of the run. Notebooks are read as JSON and not converted: what stands on disk is what a server
gets.

Reads files of this machine and knows nothing about servers.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.documents.conversion import OLDEST_MAJOR_VERSION
from jupyter_rtc_locust.documents.file_form import Notebook
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.validity import template_malformations
from jupyter_rtc_locust.errors import OptionsError

NOTEBOOK_SUFFIX = ".ipynb"

LARGEST_KEPT_NUMBER = 2**53
"""JavaScript keeps whole numbers exactly up to here."""


class TemplateError(OptionsError):
    """A template cannot be used; the message is a sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Template:
    """
    A document to start from.

    `name` is the name of its file. `content` is the parsed JSON of a notebook, of format 3 or 4 and not converted, or
    the text of a text file. `text` is the file's whole text, to be written to a server as it is. Nobody changes
    `content`.
    """

    name: str
    kind: DocumentKind
    content: Notebook | str
    text: str


def load_templates(path: str | Path) -> list[Template]:
    """
    Load a notebook, a text file, or all notebooks of a folder (not of folders within, sorted by name).

    A file is a notebook when its name ends in `.ipynb`, and text in UTF-8 otherwise. Raises TemplateError where there
    is nothing to load, where a file cannot be read, is no valid notebook or too new, or holds what a healthy stack
    cannot keep.
    """
    place = Path(path)
    if place.is_dir():
        files = sorted(file for file in place.glob(f"*{NOTEBOOK_SUFFIX}") if file.is_file())
        if not files:
            raise TemplateError(
                f"the template folder {place} holds no notebook: put files with names in {NOTEBOOK_SUFFIX} there"
            )
        return [_load(file) for file in files]
    if not place.exists():
        raise TemplateError(
            f"the template {place} does not exist: give a notebook, a text file or a folder of notebooks"
        )
    return [_load(place)]


def notebook_template(name: str, notebook: Notebook) -> Template:
    """
    Return a notebook made in memory as a template, written as nbformat would write it, but for the lists of lines.
    """
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return Template(name, "notebook", notebook, text)


def _load(file: Path) -> Template:
    text = _read(file)
    if file.suffix != NOTEBOOK_SUFFIX:
        return Template(file.name, "text", text, text)
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TemplateError(
            f"the template {file} is no notebook: its JSON is broken ({error}); repair it or leave it out"
        ) from error
    _refuse_other_formats(file, notebook)
    for path in _unkeepable(notebook, ""):
        raise TemplateError(f"the template {file} cannot be used: {path}; no Jupyter server keeps that, so take it out")
    for malformation in template_malformations(notebook):
        raise TemplateError(f"the template {file} is no valid notebook: {malformation}; repair it or leave it out")
    return Template(file.name, "notebook", notebook, text)


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise TemplateError(f"the template {file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        message = f"the template {file} is not text in UTF-8 (byte {error.start} cannot be read): convert it"
        raise TemplateError(message) from error


def _refuse_other_formats(file: Path, notebook: Any) -> None:
    cells = "worksheets" if isinstance(notebook, dict) and notebook.get("nbformat") == OLDEST_MAJOR_VERSION else "cells"
    if not isinstance(notebook, dict) or "nbformat" not in notebook or not isinstance(notebook.get(cells), list):
        raise TemplateError(f"the template {file} is JSON but no notebook: it has no nbformat or no list of {cells}")
    major, minor = notebook["nbformat"], notebook.get("nbformat_minor", 0)
    if not isinstance(major, int) or not isinstance(minor, int):
        raise TemplateError(
            f"the template {file} is no notebook: its format {major!r}.{minor!r} is not made of whole numbers"
        )
    # Not at the top: beside a Jupyter server this import takes 1.3 s and more, and workers never need it.
    import nbformat

    newest = (nbformat.current_nbformat, nbformat.current_nbformat_minor)
    if (major, minor) > newest:
        message = f"the template {file} is too new: it has notebook format {major}.{minor}, and {newest[0]}.{newest[1]}"
        raise TemplateError(f"{message} is the newest known here; install a newer nbformat, or save it in that format")
    if major < OLDEST_MAJOR_VERSION:
        raise TemplateError(
            f"the template {file} is too old: it has notebook format {major}.{minor}; open and save it in Jupyter"
        )


def _unkeepable(value: Any, path: str) -> Iterator[str]:
    """Name what a healthy stack loses, or never saves (measured: jupyter-collaboration 5), and where it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _unkeepable_text(key, f"a key at {path or 'the top'}")
            yield from _unkeepable(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unkeepable(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _unkeepable_text(value, path)
    elif isinstance(value, int | float):
        if not isfinite(value):
            yield f"{path} is {value}, which is no number of JSON"
        elif abs(value) > LARGEST_KEPT_NUMBER:
            yield f"{path} is {str(value)[:40]}, beyond the whole numbers up to 2^53 that JavaScript keeps"


def _unkeepable_text(text: str, path: str) -> Iterator[str]:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        yield f"{path} holds a lone surrogate at character {error.start}"
