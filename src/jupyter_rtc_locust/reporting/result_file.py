"""`result.json`: what a machine reads after a run. Its form is a promise: fields are added, never changed or removed.

`build_result` is pure and takes plain data, so that it does not have to change with the rooms it reports on. Writing is
all or nothing: who waits for the file never reads half of it. Nothing that was named as a secret gets into it, and no
query value called `token` either.

Knows nothing of Locust, servers or how a verdict comes about.
"""

from __future__ import annotations

import contextlib
import json
import math
import platform
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence, Set
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_rtc_locust.timing.recorder import waited
from jupyter_rtc_locust.timing.thresholds import Threshold, judged

if TYPE_CHECKING:
    from jupyter_rtc_locust.timing.histogram import Histogram
    from jupyter_rtc_locust.timing.recorder import Failures, Recorder

SCHEMA: Final = 1
"""The version of the form. It stays while fields are only added."""

FILE_NAME: Final = "result.json"

VERDICTS: Final = ("pass", "fail", "inconclusive")

REDACTED: Final = "[redacted]"
"""Stands where a secret was."""

_PACKAGES: Final = ("jupyter-rtc-locust", "locust", "pycrdt", "jupyter-ydoc", "gevent", "websocket-client")
SERVER_PACKAGES: Final = ("jupyter-collaboration", "jupyter-server-ydoc", "jupyter-server")
"""A server that a run starts for itself has them from the same environment."""

_TOKEN_VALUE: Final = re.compile(r"(token(?:=|%3D))[^&\s\"'<>#;,)\]}]+", re.IGNORECASE)
_USER_INFO: Final = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@\"'<>]+@", re.IGNORECASE)
_AUTHORIZATION: Final = re.compile(
    r"(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:token|bearer|basic)\s+)[^\s'\",}]+", re.IGNORECASE
)


class ResultFileError(Exception):
    """The results could not be written. Its text is a sentence for a person."""


def build_result(
    *,
    verdict: str,
    reason: str,
    findings: Iterable[Mapping[str, Any]],
    warnings: Iterable[Mapping[str, Any]],
    timings: Recorder,
    counts: Mapping[str, Any],
    generator: Mapping[str, Any],
    run: Mapping[str, Any],
    unknown: Iterable[str] = (),
    stumbles: Iterable[Mapping[str, Any]] = (),
    exercised: Mapping[str, Any] | None = None,
    guests: Iterable[Any] = (),
    checkpoints: Iterable[Any] = (),
    server: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None,
    secrets: Iterable[str] = (),
    warmup_s: float = 0.0,
    traffic: Mapping[str, Any] | None = None,
    course: Mapping[str, Any] | None = None,
    between_workers: Mapping[str, Any] | None = None,
    require: Iterable[Threshold] = (),
) -> dict[str, Any]:
    """The content of `result.json`, as data that JSON can carry.

    `findings` and `warnings` have `kind`, `document`, `detail`, findings also `users` and `evidence`. `timings` is the
    recorder into which the evidence of all processes was merged, of which `warmup_s` seconds at the beginning are left
    out where they were closed. `generator` is a summary of generator health. `run` has what is known of the run (seed,
    locustfile, host, server, workers, duration_s); `versions` is added to it unless it is there. `require` is judged by
    what stands in the result. `stumbles` are errors that users met. `exit` is filled in by who knows how the process
    ends. ValueError for a verdict that is none.
    """
    if verdict not in VERDICTS:
        raise ValueError(f"a result was to be built with the verdict {verdict!r}; it is one of {', '.join(VERDICTS)}")
    secrets = tuple(secrets)
    failures, unanswered, whole = timings.failures(), timings.unanswered_ages(), timings.histograms()
    result = {
        "schema": SCHEMA,
        "verdict": str(verdict),
        "reason": redact(reason, secrets),
        "findings": [_redacted_values(finding, secrets) for finding in findings],
        "warnings": [_redacted_values(warning, secrets) for warning in warnings],
        "unknown": redact(list(unknown), secrets),
        "stumbles": [_redacted_values(one, secrets) for one in stumbles],
        "exit": {"code": None, "reason": ""},
        "exercised": redact(exercised or {}, secrets),
        "guests": redact(list(guests), secrets),
        "checkpoints": redact(list(checkpoints), secrets),
        "server": redact(server or {}, secrets),
        "evidence": _redacted_values(evidence or {}, secrets),
        "timings": {
            name: _timing(histogram, unanswered[name], failures[name], secrets)
            | {"left_out": whole[name].count - histogram.count}
            for name, histogram in timings.histograms(warmup_s).items()
        },
        "between_workers": _redacted_values(between_workers, secrets) if between_workers else None,
        "counts": _redacted_values(counts, secrets),
        "course": _redacted_values(course or {}, ()),
        "bytes": _redacted_values(traffic or {}, ()),
        "generator": _redacted_values(generator, secrets),
        "run": _redacted_values({"versions": installed_versions(), **run}, secrets),
    }
    return result | {"thresholds": [_redacted_values(one.as_dict(), ()) for one in judged(require, result)]}


def redact(value: Any, secrets: Iterable[str]) -> Any:
    """A copy of nested data without secrets, as JSON can carry it.

    In every text, keys included, each secret is replaced, also in its URL-encoded form; so are, whatever the secrets
    are, the values of `token=` in a query, an Authorization header, and the user and password of a URL. Tuples and sets
    become lists, numbers that are not finite become None, and what JSON does not know becomes its text.
    """
    # The longest first: a secret that begins like another must not leave the other's rest behind.
    forms = "|".join(_any_encoding(secret) for secret in sorted(secrets, key=len, reverse=True) if secret)
    return _redacted(value, re.compile(forms) if forms else None)


def installed_versions() -> dict[str, str]:
    """The versions of Python and of the packages a run depends on ("not installed" where one is missing), and of those
    that make a server, where they are installed.
    """
    versions = {"python": platform.python_version()}
    for package in (*_PACKAGES, *SERVER_PACKAGES):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            if package in _PACKAGES:
                versions[package] = "not installed"
    return versions


def check_folder_writable(folder: Path | str) -> None:
    """Make the folder for the results where it is missing, and try it out by writing a file there and deleting it.

    ResultFileError with a sentence when that does not work: better before a run than after it.
    """
    folder = Path(folder)
    probe = folder / f".writable-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()
    except (OSError, ValueError) as problem:
        raise ResultFileError(_sentence(folder, problem)) from problem


def write_result(folder: Path | str, result: Mapping[str, Any]) -> Path:
    """Write `result.json` into a folder, which is made where it is missing, and say where it is.

    An older file is replaced in one step; a reader sees the old or the new one, never a part. ResultFileError with a
    sentence when it cannot be written, and no half-written file is left.
    """
    folder = Path(folder)
    target, partial = folder / FILE_NAME, folder / f".{FILE_NAME}-{uuid.uuid4().hex}"
    try:
        # A lone surrogate cannot be encoded, but its escaped form happens to be the one JSON has for it.
        content = json.dumps(result, ensure_ascii=False, allow_nan=False, indent=2).encode("utf-8", "backslashreplace")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                file.write(content + b"\n")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, TypeError, ValueError) as problem:
        raise ResultFileError(_sentence(folder, problem)) from problem
    return target


def remove_result(folder: Path | str) -> None:
    """Remove the result of an earlier run, so that nobody takes it for that of the run which begins now.

    What cannot be removed cannot be replaced either, which the run itself finds out and says at its end.
    """
    with contextlib.suppress(OSError):
        (Path(folder) / FILE_NAME).unlink()


def _timing(answered: Histogram, unanswered: Histogram, failures: Failures, secrets: Sequence[str]) -> dict[str, Any]:
    waits = waited(answered, unanswered)

    def percentile(fraction: float) -> float | None:
        return round(waits.percentile(fraction), 6) if waits.count else None

    return {
        "count": answered.count,
        "min_ms": waits.min_ms,
        "mean_ms": None if waits.mean_ms is None else round(waits.mean_ms, 6),
        "p50_ms": percentile(0.50),
        "p95_ms": percentile(0.95),
        "p99_ms": percentile(0.99),
        "max_ms": waits.max_ms,
        "failures": failures.count,
        "failure_sentences": redact(failures.sentences, secrets),
        "unanswered": unanswered.count,
        "histogram": waits.as_dict(),
    }


def _redacted_values(mapping: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    # The names of our own fields stay, even where somebody's token is "seed" or "users".
    return {name: redact(value, secrets) for name, value in mapping.items()}


def _redacted(value: Any, secrets: re.Pattern[str] | None) -> Any:
    if isinstance(value, str):
        return _redacted_text(value, secrets)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_redacted_text(str(key), secrets): _redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted((_redacted(item, secrets) for item in value), key=str)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_redacted(item, secrets) for item in value]
    return _redacted_text(str(value), secrets)


def _any_encoding(secret: str) -> str:
    """A pattern for a secret in which any characters may be URL-encoded: programs differ in which ones they encode."""
    return "".join(
        # The encoded form first: a bare "%" would match the beginning of its own encoding and leave the rest.
        f"(?:(?i:{_percent(character)})|{re.escape(character)}{'|[+]' if character == ' ' else ''})"
        for character in secret
    )


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _redacted_text(text: str, secrets: re.Pattern[str] | None) -> str:
    # str(...) so that a member of an enumeration of texts is a plain text afterwards.
    text = str(text)
    if secrets is not None:
        text = secrets.sub(REDACTED, text)
    for pattern in (_TOKEN_VALUE, _AUTHORIZATION):
        text = pattern.sub(rf"\1{REDACTED}", text)
    return _USER_INFO.sub(rf"\1{REDACTED}@", text)


def _sentence(folder: Path, problem: Exception) -> str:
    reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return (
        f"The results could not be written to the folder {str(folder)!r}: {reason}. "
        "Name another one with --rtc-results, or make this one writable."
    )
