"""Nothing secret in a log line, and nothing that acts on a terminal, whoever wrote it.

Our own sentences are written without secrets. A server's words, another library's error and a stack trace are not ours,
and Locust shows its log in the web UI too; so the last step before a line is written takes every secret out of it, and
writes control characters out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from jupyter_rtc_locust.reporting.result_file import redact
from jupyter_rtc_locust.reporting.telemetry import send_lines_only
from jupyter_rtc_locust.verdict.neutralising import neutralised_lines


class WithoutSecrets(logging.Formatter):
    """A formatter that writes `[redacted]` where another one would write a secret.

    `secrets` is read anew for each line: a run's tokens are known only when it begins.
    """

    def __init__(self, formatter: logging.Formatter, secrets: Sequence[str]) -> None:
        super().__init__()
        self._formatter = formatter
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The other formatter's line, stack trace included."""
        return neutralised_lines(str(redact(self._formatter.format(record), self._secrets)))


def keep_secrets_out(secrets: Sequence[str], loggers: Iterable[str] = ("", "locust", "locust.stats_logger")) -> None:
    """Let every handler of these loggers write lines without secrets. Handlers added later are not reached."""
    handlers = {id(handler): handler for name in loggers for handler in logging.getLogger(name).handlers}
    for handler in handlers.values():
        handler.setFormatter(WithoutSecrets(handler.formatter or logging.Formatter(), secrets))
        send_lines_only(handler)
