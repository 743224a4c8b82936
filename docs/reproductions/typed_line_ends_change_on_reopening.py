"""A carriage return typed into a text file reaches the disk, and is gone for everybody who opens the file later.

A room that is made from the file turns CRLF into LF, so that what people had and what they find differ.
"""

import sys

from small_tab import EmbeddedServer, Tab, verdict, wait_until

NAME = "lines.txt"


def main() -> int:
    """Type a CRLF, let the server save, let the room go, open the file again."""
    with EmbeddedServer.start(cleanup_delay_s=0.3) as server:
        file = server.root_folder / NAME
        file.write_text("end")
        tab = Tab(server, NAME, text=True)
        assert tab.source is not None
        tab.edit(lambda: tab.source.insert(0, "first\r\n"))
        tab.wait(lambda: file.read_bytes() == b"first\r\nend", "the save")
        had = str(tab.source)
        tab.close()
        wait_until(lambda: "deleted" in server.log_path.read_text(), "the room to be cleaned up")
        later = Tab(server, NAME, text=True, client_id=2)
        found = str(later.source)
        later.close()
    return verdict((had, found) == ("first\r\nend", "first\nend"), f"typed and saved: {had!r}; found later: {found!r}")


if __name__ == "__main__":
    sys.exit(main())
