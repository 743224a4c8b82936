"""The sick server with one fault more: it repeats the token it was given, in the words it closes a line with.

Use: as `servers.sick_server`, with --fault leak.
"""

from __future__ import annotations

import asyncio
import os

from servers.faults import FAULTS
from servers.faults_of_lines import Refuse
from servers.sick_server import serve


class Leak(Refuse):
    """The token stands in the reason for closing."""

    refusal = (4404, f"Error initializing for {os.environ.get('JUPYTER_TOKEN')} at /lab?token=x")


if __name__ == "__main__":
    FAULTS["leak"] = Leak
    asyncio.run(serve())
