"""The notebook that users edit where nobody named another: small, valid, and with something of everything.

Made here, not read from a file, so that it can be had without one and is the same in every run.
"""

from typing import Any

from jupyter_rtc_locust.documents.templates import Template, notebook_template

# A single grey pixel: 67 bytes of PNG.
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="


def default_notebook(name: str = "notebook.ipynb") -> Template:
    """
    Return a notebook of format 4.5: markdown, code and raw cells with outputs, an attachment and text outside ASCII.

    Ids are the same each time. The result belongs to the caller.
    """
    notebook: dict[str, Any] = {
        "cells": [
            _markdown(
                "title", "# A shared notebook\n\nMany hands write here: *naïve façade*, Ελληνικά, 日本語, עברית, 🧪."
            ),
            _code("imports", "import math\nfrom collections import Counter", 1, []),
            _code(
                "greeting",
                'for name in ("Ada", "Łukasz", "小林"):\n    print(f"Hello, {name}!")',
                2,
                [{"name": "stdout", "output_type": "stream", "text": "Hello, Ada!\nHello, Łukasz!\nHello, 小林!\n"}],
            ),
            _code(
                "area",
                "def area(radius):\n    return math.pi * radius**2\n\n\narea(2)",
                3,
                [
                    {
                        "data": {"text/plain": "12.566370614359172"},
                        "execution_count": 3,
                        "metadata": {},
                        "output_type": "execute_result",
                    }
                ],
            ),
            {
                **_markdown("picture", "A picture that travels with its cell: ![grey](pixel.png)"),
                "attachments": {"pixel.png": {"image/png": _PIXEL}},
            },
            _code("letters", 'Counter("collaboration").most_common(3)', None, [], tags=["exercise"]),
            {"cell_type": "raw", "id": "notes", "metadata": {}, "source": "Plain notes, kept as they are.\t\n"},
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return notebook_template(name, notebook)


def _markdown(identifier: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": identifier, "metadata": {}, "source": source}


def _code(
    identifier: str, source: str, count: int | None, outputs: list[dict[str, Any]], tags: list[str] | None = None
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": identifier,
        "metadata": {"tags": tags} if tags else {},
        "outputs": outputs,
        "source": source,
    }
