"""The canaries: what released servers are known to fail (docs/issues.md)."""

from __future__ import annotations

from canaries.canary import Canary

CANARIES = (
    Canary(
        name="canary_store_lost",
        command="locust -f locustfiles/canary_store_lost.py --headless -u 4 -r 4 -t 35s "
        "--rtc-template locustfiles/small_notebook.ipynb",
        kind="duplicated-content",
        words=r"store of updates was lost .*cell with the source .* stands there 2 times",
        issue="jupyter-collaboration#594",
        reproduction="cells_doubled_after_a_lost_store.py",
    ),
    Canary(
        name="canary_stale_client",
        command="locust -f locustfiles/canary_stale_client.py --headless -u 4 -r 4 -t 40s",
        kind="diverged",
        words=r"After user 1 was asleep and offline .*keeps no store of updates",
        issue="jupyter-collaboration#597",
        reproduction="stale_tab_after_a_lost_store.py",
        users=(1,),
    ),
)
