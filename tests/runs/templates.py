"""Documents that runs start from: notebooks of several ages and contents, and a text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from jupyter_rtc_locust.demo.notebooks import notebook_paths

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}

WITHOUT_IDS: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# From before cells had ids\n", "\n", "žluťoučký kůň"]},
        {
            "cell_type": "code",
            "execution_count": 4,
            "metadata": {"collapsed": True},
            "outputs": [
                {"name": "stderr", "output_type": "stream", "text": ["a warning\n", "of two lines\n"]},
                {"data": {"text/plain": ["4"]}, "execution_count": 4, "metadata": {}, "output_type": "execute_result"},
            ],
            "source": ["import sys\n", "2 + 2"],
        },
        {"cell_type": "raw", "metadata": {"format": "text/restructuredtext"}, "source": "*raw*\n"},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": []},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": []},
    ],
    "metadata": KERNEL,
    "nbformat": 4,
    "nbformat_minor": 2,
}

EVERY_OUTPUT: dict[str, Any] = {
    "cells": [
        {
            "attachments": {"a.png": {"image/png": PIXEL}, "ż.svg": {"image/svg+xml": ["<svg>", "</svg>"]}},
            "cell_type": "markdown",
            "id": "with-attachments",
            "metadata": {"tags": ["a", "b"], "slideshow": {"slide_type": "slide"}},
            "source": "![a](attachment:a.png) ![ż](attachment:ż.svg)",
        },
        {
            "attachments": {"b.png": {"image/png": PIXEL}},
            "cell_type": "raw",
            "id": "raw-with-attachment",
            "metadata": {},
            "source": "raw, with an attachment",
        },
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "all-outputs",
            "metadata": {"jupyter": {"outputs_hidden": False}, "deep": [{"list": [1, 2.5, None, True, "x"]}]},
            "outputs": [
                {"name": "stdout", "output_type": "stream", "text": "line\nline without an end"},
                {"name": "stderr", "output_type": "stream", "text": ["\x1b[31mred\x1b[0m\n"]},
                {
                    "data": {
                        "application/json": {"empty": {}, "list": [], "nested": [{"π": 3.14159}]},
                        "image/png": PIXEL,
                        "text/html": ["<table>\n", "</table>"],
                        "text/latex": "$\\frac{1}{2}$",
                        "text/plain": ["<Figure>"],
                    },
                    "metadata": {"image/png": {"height": 1, "width": 1}, "needs_background": "light"},
                    "output_type": "display_data",
                },
                {
                    "data": {"application/vnd.test+json": [1, "two", None], "text/plain": "'result'"},
                    "execution_count": 1,
                    "metadata": {},
                    "output_type": "execute_result",
                },
                {
                    "ename": "ZeroDivisionError",
                    "evalue": "division by zero",
                    "output_type": "error",
                    "traceback": ["\x1b[0;31m----\x1b[0m", "ZeroDivisionError: division by zero"],
                },
            ],
            "source": "everything()\n",
        },
        {"cell_type": "code", "execution_count": None, "id": "bare", "metadata": {}, "outputs": [], "source": ""},
    ],
    "metadata": {**KERNEL, "authors": [{"name": "Łukasz"}], "title": "Everything", "empty": {}},
    "nbformat": 4,
    "nbformat_minor": 5,
}

WITHOUT_CELLS: dict[str, Any] = {"cells": [], "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}

FORMAT_3: dict[str, Any] = {
    "metadata": {"name": "old"},
    "nbformat": 3,
    "nbformat_minor": 0,
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["A heading cell"]},
                {"cell_type": "markdown", "metadata": {}, "source": ["Some *text*"]},
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": ["print 1\n", "2"],
                    "language": "python",
                    "metadata": {},
                    "outputs": [
                        {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
                        {"metadata": {}, "output_type": "pyout", "prompt_number": 1, "text": ["2"]},
                        {"metadata": {}, "output_type": "display_data", "png": PIXEL, "text": ["<figure>"]},
                        {"ename": "E", "evalue": "v", "output_type": "pyerr", "traceback": ["E: v"]},
                    ],
                    "prompt_number": 1,
                },
            ],
            "metadata": {},
        }
    ],
}

TEXT = "first line\n\tindented, with a blank at the end \n\nκείμενο, текст, 文字, 👩‍🔬, é\nlast line without an end"


NOTEBOOKS = notebook_paths()
"""Looked for before any test makes as if there were none."""


def write_templates(folder: Path) -> dict[str, Path]:
    """Write them all; where each is. `demo` is a folder with the notebooks of the demo."""
    notebooks = {
        "without-ids": WITHOUT_IDS,
        "every-output": EVERY_OUTPUT,
        "without-cells": WITHOUT_CELLS,
        "format-3": FORMAT_3,
    }
    written = {name: folder / f"{name}.ipynb" for name in notebooks}
    for name, path in written.items():
        path.write_text(json.dumps(notebooks[name], ensure_ascii=False), encoding="utf-8")
    written["text"] = folder / "text.txt"
    written["text"].write_text(TEXT, encoding="utf-8")
    written["demo"] = folder / "demo"
    written["demo"].mkdir()
    for path in NOTEBOOKS:
        shutil.copy(path, written["demo"])
    return written
