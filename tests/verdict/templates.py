"""What the documents of these tests start from."""

from __future__ import annotations

import json
from typing import Any

from jupyter_rtc_locust.documents.default_notebook import default_notebook

TEXT = "Minutes, 3 µm\n\nÇağlar and 美咲 🌡️ agree.\n"


def plain_notebook(*sources: str) -> dict[str, Any]:
    """Format 4.5, one code cell for each source."""
    return notebook([code(source, id=f"cell-{index}") for index, source in enumerate(sources or ("a = 1", "b = 2"))])


def rich_notebook() -> dict[str, Any]:
    """Format 4.5, with every kind of output, attachments, and text outside ASCII."""
    content = json.loads(json.dumps(default_notebook().content))
    content["cells"].append(code("show()", id="outputs", execution_count=7, outputs=every_output()))
    return content


def old_notebook(minor: int = 2) -> dict[str, Any]:
    """Format 4.0 to 4.4: cells without ids, texts as lists of lines."""
    picture = {"p.png": {"image/png": "iVBORw0KGgo="}}
    markdown = {"cell_type": "markdown", "metadata": {}, "source": ["# Old\n", "\n", "naïve 🧪"]}
    cells = [
        markdown if minor < 1 else {**markdown, "attachments": picture},
        code(["import os\n", "os.getcwd()"], execution_count=1, outputs=every_output()),
        code("same"),
        code("same"),
        {"cell_type": "raw", "metadata": {"collapsed": True}, "source": "raw\t "},
    ]
    return notebook(cells, minor=minor)


def empty_notebook() -> dict[str, Any]:
    """No cell at all."""
    return notebook([])


def notebook(cells: list[dict[str, Any]], minor: int = 5) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, **more}


def every_output() -> list[dict[str, Any]]:
    data = {"text/plain": ["<Figure>\n", "x"], "image/png": "iVBORw0KGgo=", "application/json": {"a": [1, 2.5, None]}}
    return [
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two 😀\n"]},
        {"output_type": "display_data", "metadata": {"image/png": {"width": 3}}, "data": data},
        {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": {"text/plain": "4"}},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\u001b[31mE\u001b[0m: v"]},
    ]
