"""Notebooks of format 3 as notebooks of format 4, by nbformat, whose conversion every Jupyter server uses.

Kept apart because nbformat draws random cell ids while it converts, and warns: neither may reach the rest of the
package.
"""

import json
import warnings
from copy import deepcopy
from typing import Any

from jupyter_rtc_locust.documents.file_form import cells_of

OLDEST_MAJOR_VERSION = 3
"""The oldest major version that is converted; Jupyter servers have not written older ones since 2011."""


def to_nbformat_4(notebook: dict[str, Any]) -> dict[str, Any]:
    """
    Return the notebook in format 4: a copy of one that is, a conversion to 4.5 of one of format 3.

    A converted notebook has no cell ids, because the ids that a conversion draws are different every time. Raises
    ValueError where nbformat cannot convert it.
    """
    # Not at the top: beside a Jupyter server this import takes 1.3 s and more, and workers never need it.
    import nbformat
    from nbformat import reader

    major = notebook.get("nbformat")
    if major == nbformat.current_nbformat:
        return deepcopy(notebook)
    if major != OLDEST_MAJOR_VERSION:
        raise ValueError(f"a notebook of format {major!r} cannot be converted: only the formats 3 and 4 are")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            as_read = reader.reads(json.dumps(notebook))  # type: ignore[no-untyped-call]
            converted = nbformat.convert(as_read, nbformat.current_nbformat)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise ValueError(f"nbformat could not convert a notebook of format 3: {str(error)[:300]}") from error
    plain: dict[str, Any] = json.loads(json.dumps(converted))
    for cell in cells_of(plain):
        cell.pop("id", None)
    return plain
