"""`python -m jupyter_rtc_locust` is `jupyter rtc-locust`."""

import sys

from jupyter_rtc_locust.command_line import main

sys.exit(main())
