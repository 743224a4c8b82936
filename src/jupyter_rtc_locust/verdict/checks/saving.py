"""Did the file keep up with people: while they typed, when they paused, and when they saved by hand?

All of it rests on time, and on versions of the file that are known to be states of the document. What is not known
accuses nobody. What an overloaded generator saw late may have been its own doing, and is not known either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from jupyter_rtc_locust.verdict.evidence import AuthoredUpdate, DocumentEvidence, ManualSave, SaveSeen
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, resting_on_time
from jupyter_rtc_locust.verdict.save_ages import SaveAge, SaveHistory
from jupyter_rtc_locust.verdict.wording import counted, described, named_users

SHORTEST_PAUSE_S = 5.0
"""No server is asked to save faster: less than this is no pause, whatever `--rtc-save-timeout` says."""
STARVED_S = 10.0
"""From this age on it is said, as a warning, what a crash would have cost."""
MANUAL_SAVE_S = 10.0
"""A save by hand that was answered with success has to be on disk so soon after the answer."""
SAVE_AGE = "save age"
"""The name of the timing."""
SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class SaveLimits:
    """What was asked of the server, in seconds, and whether all is known that users wrote."""

    timeout: float = 30.0
    """How long a document has to be quiet until everything must be on disk."""
    max_age: float = 0.0
    """How old an acknowledged edit may become that is not on disk, while people type; 0: any age."""
    all_told: bool = True
    """Whether every process told of its users: all states of a document are known then."""


DEFAULT_LIMITS = SaveLimits()


def check_saves_in_pauses(document: DocumentEvidence, history: SaveHistory, limits: SaveLimits, sound: bool) -> Opinion:
    """`save-stalled`: the document was quiet so long, and something acknowledged was still not on disk."""
    patience = max(limits.timeout, SHORTEST_PAUSE_S)
    for began, ended in _pauses(history, patience):
        for version in history.versions:
            moment = max(version.since, began + patience)
            if moment > min(version.until, ended) or not (missing := history.missing(version, moment)):
                continue
            users = tuple(sorted({edit.user for edit in missing}))
            detail = (
                f"From {began:.1f} s on nobody edited the document; {moment - began:.0f} s later the file still lacked "
                f"{_counted_edits(missing)}. It was {_state(history, version, moment)}. Who opens the file then, or "
                f"comes back after a crash, finds the old document."
            )
            return resting_on_time([Finding(Kind.SAVE_STALLED, document.path, detail, users)], sound)
    return Opinion()


def check_age_of_saves(document: DocumentEvidence, history: SaveHistory, limits: SaveLimits, sound: bool) -> Opinion:
    """`save-starved`: how much a crash would have cost at the worst moment; a finding where a limit was given."""
    samples = list(history.samples())
    ages = Opinion(figures={SAVE_AGE: tuple(one.seconds * 1000 for one in samples)} if samples else {})
    unplaced = _unplaced(document, history, limits.all_told)
    worst = max(samples, key=lambda one: one.seconds, default=None)
    if worst is None or worst.oldest is None:
        return ages + unplaced
    too_old = 0 < limits.max_age < worst.seconds
    if not too_old and worst.seconds <= STARVED_S:
        return ages + unplaced
    detail = _cost(history, worst)
    if not too_old:
        return ages + unplaced + Opinion(cautions=(Caution(Kind.SAVE_STARVED, document.path, detail),))
    detail += f" At most {limits.max_age:g} s were asked for (--rtc-max-save-age)."
    users = tuple(sorted({edit.user for edit in _missing_at(history, worst.moment)}))
    return ages + unplaced + resting_on_time([Finding(Kind.SAVE_STARVED, document.path, detail, users)], sound)


def check_manual_saves(document: DocumentEvidence, history: SaveHistory, sound: bool) -> Opinion:
    """`save-not-done`: a save by hand was answered with success, and was not on disk soon after."""
    broken = [
        (save, version, missing)
        for save in sorted(document.manual_saves, key=lambda one: one.asked)
        for version, missing in _not_done(history, save)
    ]
    if not broken:
        return Opinion()
    save, version, missing = broken[0]
    assert save.answered is not None
    others = f" So it was with {counted(len(broken) - 1, 'other save')} by hand." if len(broken) > 1 else ""
    detail = (
        f"User {save.user} saved by hand at {save.asked:.1f} s and was told at {save.answered:.1f} s that it was done; "
        f"{MANUAL_SAVE_S:.0f} s later the file still lacked {_counted_edits(missing)}. It was "
        f"{_state(history, version, save.answered + MANUAL_SAVE_S)}.{others}"
    )
    users = tuple(sorted({one.user for one, _, _ in broken}))
    return resting_on_time([Finding(Kind.SAVE_NOT_DONE, document.path, detail, users)], sound)


def _not_done(history: SaveHistory, save: ManualSave) -> Iterator[tuple[SaveSeen, tuple[AuthoredUpdate, ...]]]:
    """The version that was on disk when the deadline was over, if no version until then had what it should have."""
    if save.status != SUCCESS or save.answered is None:
        return
    deadline = save.answered + MANUAL_SAVE_S
    for version in history.versions:
        if version.until < save.asked or version.since > deadline:
            continue
        moment = min(version.until, deadline)
        if history.held(version, moment) is None:
            return  # it may be the one
        missing = tuple(one for one in history.missing(version, moment) if _had_to_be_there(one, save, history))
        if not missing:
            return
        if version.until >= deadline:
            yield version, missing
            return


def _had_to_be_there(edit: AuthoredUpdate, save: ManualSave, history: SaveHistory) -> bool:
    """Whether it was acknowledged before the save was asked for; of somebody in another process, surely before."""
    assert edit.acknowledged is not None
    return edit.acknowledged <= save.asked - (0.0 if edit.user == save.user else history.clocks_differ)


def _pauses(history: SaveHistory, patience: float) -> Iterator[tuple[float, float]]:
    """From when until when nobody edited, where that was long enough; the last one has no end."""
    for time, following in pairwise([*sorted(history.activity()), inf]):
        if following - time >= patience:
            yield time, following


def _missing_at(history: SaveHistory, moment: float) -> tuple[AuthoredUpdate, ...]:
    there = next((one for one in history.versions if one.since <= moment <= one.until), None)
    return () if there is None else history.missing(there, moment)


def _cost(history: SaveHistory, worst: SaveAge) -> str:
    missing = _missing_at(history, worst.moment)
    return (
        f"At {worst.moment:.0f} s the oldest edit that was not on disk had been acknowledged {worst.seconds:.0f} s "
        f"before. A crash of the server then would have cost {_counted_edits(missing)}, as far as no store of its own "
        f"has them."
    )


def _counted_edits(missing: tuple[AuthoredUpdate, ...]) -> str:
    """`3 acknowledged edits of users 1 and 2, the first of them edit 4 of user 1 (…)`."""
    whose = named_users(sorted({edit.user for edit in missing}))
    first = min(missing, key=lambda one: one.acknowledged or 0.0)
    if len(missing) == 1:
        return f"{described(first)}"
    return f"{counted(len(missing), 'acknowledged edit')} of {whose}, the oldest {described(first)}"


def _state(history: SaveHistory, version: SaveSeen, moment: float) -> str:
    """As when the document was what this version is."""
    taken = history.held(version, moment)
    return (
        f"as the document had been at {history.steps[taken - 1].arrived:.1f} s" if taken else "as before the first edit"
    )


def _unplaced(document: DocumentEvidence, history: SaveHistory, all_told: bool) -> Opinion:
    """Versions of which nothing is known, so that less is known of ages than there was."""
    if not history.unplaced:
        return Opinion()
    had = "had" if all_told else "is known to have had"
    unread = next((version.problem for version in history.versions if version.problem), "")
    detail = (
        f"Of {counted(len(history.versions), 'version')} of the file that were seen while people typed, "
        f"{history.unplaced} could not be read or were no state that the document {had}, so that it is not known what "
        f"they held.{f' The first problem: {unread}' if unread else ''}"
    )
    return Opinion(cautions=(Caution("save-unknown", document.path, detail),))
