"""Whether a worker is fit for its master's run: same versions, same user classes, no options of its own. Pure.

A worker with another version of pycrdt holds other bytes of the same document, one with another locustfile plays other
people, and options that were given to a worker are replaced by the master's without a word from Locust. Each would show
hours later, as a verdict that is hard to understand; so who differs is refused when it joins, with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jupyter_rtc_locust.options import OPTIONS

COMPARED: Final = ("python", "jupyter-rtc-locust", "locust", "gevent", "pycrdt", "websocket-client")
"""Of which packages the versions have to be the same; of Python its first two numbers."""
OF_EACH_ITS_OWN: Final = ("--rtc-results",)
"""Options that a worker may have of its own: where something lies on its machine."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a process of a run consists of, as far as it has to be the same everywhere."""

    versions: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    """A digest of this package's own code: a version that is being worked on keeps its number."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """For each user class, by its name, a digest of the file that it stands in; empty: it could not be read."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Our options that were given another value than their default."""

    def as_message(self) -> dict[str, Any]:
        """For Locust's messages (msgpack)."""
        return {
            "versions": dict(self.versions),
            "code": self.code,
            "classes": dict(self.classes),
            "options": dict(self.options),
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Equipment:
        """The other way. What is missing in it is told as a difference, not as an error."""
        return cls(
            versions=_texts(message.get("versions")),
            code=str(message.get("code") or ""),
            classes=_texts(message.get("classes")),
            options=dict(options) if isinstance(options := message.get("options"), Mapping) else {},
        )


def why_refused(worker: str, its: Equipment, masters: Equipment) -> str:
    """Which worker, what differs, what to do: a sentence or several. Empty: nothing does."""
    reasons = [*_other_versions(its, masters), *_other_classes(its, masters), *_other_options(its, masters)]
    if not reasons:
        return ""
    return f"Worker {worker} is refused, because it is not like its master: {' '.join(reasons)}"


def _other_versions(its: Equipment, masters: Equipment) -> Iterator[str]:
    different = [
        f"{name} {has or 'unknown'} (master: {should or 'unknown'})"
        for name in COMPARED
        if (has := _version(name, its)) != (should := _version(name, masters))
    ]
    if different:
        yield f"it has {', '.join(different)}. Install the same versions on both, and start it again."
    elif its.code != masters.code:
        yield (
            f"its code of jupyter-rtc-locust {its.versions.get('jupyter-rtc-locust', '')} is another than the "
            f"master's. Install the same code on both, and start it again."
        )


def _other_classes(its: Equipment, masters: Equipment) -> Iterator[str]:
    lacking = sorted(masters.classes.keys() - its.classes.keys())
    other = sorted(
        name
        for name, digest in masters.classes.items()
        if digest and its.classes.get(name) and its.classes[name] != digest
    )
    if lacking:
        yield f"its locustfile has no user class {', '.join(lacking)}. Start it with the master's locustfile."
    if other:
        yield f"its file with {', '.join(other)} is another than the master's. Start it with the master's locustfile."


def _other_options(its: Equipment, masters: Equipment) -> Iterator[str]:
    defaults = {option.name: option.default for option in OPTIONS}
    for name, value in sorted(its.options.items()):
        should = masters.options.get(name, defaults.get(name))
        if name not in OF_EACH_ITS_OWN and _plain(value) != _plain(should):
            told = repr(str(should)[:60]) if should != "" else "none"
            yield (
                f"it was given {name} {str(value)[:60]!r}, the master {told}, and only the master's counts. Leave it "
                f"out on the worker, or give it to the master."
            )


def _plain(value: Any) -> Any:
    """As options are read: `1` and `1.0` are the same number, however they were written."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _version(name: str, equipment: Equipment) -> str:
    version = equipment.versions.get(name, "")
    return ".".join(version.split(".")[:2]) if name == "python" else version


def _texts(given: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}
