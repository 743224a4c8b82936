"""An editing trace is replayed: what people once typed, edit by edit, by as many users and in the order of causes.

The run ends with the trace, and passes only if the text is then the one that the trace says, to the letter.

    locust -f locustfiles/replay_trace.py --headless --rtc-trace FILE
"""

from jupyter_rtc_locust import TraceUser


class Typist(TraceUser):
    """Types what one person of the recording typed, or several of them."""
