"""Without its data folder a Jupyter server starts, serves files, and answers 500 to whoever opens a document together.

The ids of files stand in a database in JUPYTER_DATA_DIR; the folder is not made when it is missing.
"""

import shutil
import sys

from small_tab import EmbeddedServer, http, verdict, write_notebook


def main() -> int:
    """Take the folder away before the first document is opened."""
    with EmbeddedServer.start() as server:
        shutil.rmtree(server.log_path.parent / "data")
        write_notebook(server, "any.ipynb")
        file = http(server, "GET", "/api/contents/any.ipynb?content=0").status_code
        asked = {"format": "json", "type": "notebook"}
        session = http(server, "PUT", "/api/collaboration/session/any.ipynb", asked).status_code
    return verdict((file, session) == (200, 500), f"the file: {file}; the session for it: {session}")


if __name__ == "__main__":
    sys.exit(main())
