"""Did everybody answer, and did the run do what it was asked for? Nothing in here is a finding: it is not known."""

from __future__ import annotations

from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, LostProcess, RunEvidence
from jupyter_rtc_locust.verdict.findings import Opinion
from jupyter_rtc_locust.verdict.late_edits import said_of_late_edits
from jupyter_rtc_locust.verdict.reading import CONNECTED
from jupyter_rtc_locust.verdict.wording import SEEDER, counted, named_users

_INCOMPLETE_STAGES = (
    "never opened its document",
    "was still opening its document",
    "was refused",
    "failed",
    "lost its connection",
)


def check_run_is_complete(run: RunEvidence) -> Opinion:
    """Processes that did not answer, users that never were, edits that were asked for and not made."""
    unknown = list(run.problems)
    authors = {edit.user for document in run.documents for edit in document.authored}
    idle = bool(run.documents) and run.edits_asked and not authors - {SEEDER} and not run.untold
    connected = any(user.stage == CONNECTED for document in run.documents for user in document.users)
    if run.users_failed and run.mistakes and run.documents and (idle or not connected):
        unknown.append(f"{counted(run.users_failed, 'user')} failed: {run.mistakes[0]}")
    known = {one.name: one for one in run.lost_processes}
    lost = _silent_at_checkpoint if run.at_checkpoint else _lost
    unknown += [lost(process, known.get(process)) for process in run.untold]
    unknown += [
        f"{process} told what its users wrote and hold, and did not answer any more when a server had fallen silent: "
        f"whether that still served its users is not known. Look at the log and the host of that process."
        for process in run.silent_later
    ]
    for fault in run.faults:
        if not fault.as_planned:
            unknown.append(f"Planned for {fault.planned:.0f} s: {fault.what}. It did not happen so: {fault.outcome}.")
    if late := said_of_late_edits(run.documents, run.sound):
        unknown.append(late)
    if idle:
        told = "Edits were asked for, and nobody made one: nothing was tested."
        if connected:
            # Who could have edited had not begun: people look at a document before they type, and pause.
            told += " Ask for a longer run (-t) or for more edits (--rtc-edit-rate), unless choose_edit returned None."
        unknown.append(told)
    return Opinion(unknown=tuple(unknown))


def _silent_at_checkpoint(process: str, known: LostProcess | None) -> str:
    """The same in the middle of a run: it may come back, or tell everything at the end."""
    users = f"its {named_users(known.users)}" if known is not None and known.users else "its users"
    if known is not None and known.left:
        return (
            f"Worker {process} left the run while the checkpoint was held. What {users} wrote and held was told for "
            f"the end, and is not known of the checkpoint."
        )
    if known is not None and known.unreadable:
        return f"What worker {process} told at the checkpoint could not be read, so what {users} held is not known."
    heard = None if known is None else known.last_heard
    last = "" if heard is None else f"; it had last been heard of {heard:.0f} s after the start of the run"
    who = process if known is None else f"Worker {process}"
    return f"{who} did not answer at the checkpoint{last}. What {users} had written and held then is not known."


def _lost(process: str, known: LostProcess | None) -> str:
    """What is not known because a process is silent, since when it is, and what to do."""
    if known is None:
        return f"{process} played users and did not answer at the end: what they wrote and hold is not known."
    users = f"its {named_users(known.users)}" if known.users else "its users"
    if known.unreadable:
        return f"What worker {process} told at the end could not be read: what {users} wrote and hold is not known."
    if known.last_heard is None:
        return (
            f"Worker {process} was connected, and did not answer at the end in time: what {users} wrote and hold is "
            f"not known. Its log says what it was busy with. Use more workers, so that each plays fewer users."
        )
    return (
        f"Worker {process} was lost: last heard of {known.last_heard:.0f} s after the start of the run, it did not "
        f"answer at the end. What {users} wrote and hold is not known. Look at its log and its host (was it killed, "
        f"out of memory, cut off?), and do the run again."
    )


def check_users_took_part(document: DocumentEvidence) -> Opinion:
    """Users that never opened the document, were refused, failed, or had no connection at the end; and no rest."""
    unknown = []
    if not document.emptied and not any(user.stage == CONNECTED for user in document.users):
        if document.users or not _anybody_sat_in(document):
            unknown.append(f"{document.path}: no user was connected at the end.")
        else:
            unknown.append(f"{document.path}: no user is known to have been connected at the end.")
    for stage in _INCOMPLETE_STAGES:
        users = [user for user in document.users if user.stage == stage]
        if users:
            why = next((user.trouble for user in users if user.trouble), "")
            names = named_users(user.user for user in users)
            unknown.append(f"{document.path}: {names} {_of(stage, len(users))}{f' ({why})' if why else ''}.")
    if not document.quiet:
        unknown.append(
            f"{document.path}: not quiet: messages still arrived at the drain deadline, and what moves is not "
            f"compared. Use fewer users or edits, or a longer --rtc-drain-timeout."
        )
    return Opinion(unknown=tuple(unknown))


def _anybody_sat_in(document: DocumentEvidence) -> bool:
    """Whether a user was given a seat there, be it that its process tells nothing of it."""
    here = (client for client, path in document.seated.items() if path == document.path)
    return any(document.authors.get(client, SEEDER) != SEEDER for client in here)


def _of(stage: str, people: int) -> str:
    """The stage as it is said of so many people: `was refused`, `were refused`; `lost their connection`."""
    if people == 1:
        return stage
    return stage.replace("was ", "were ").replace(" its ", " their ")
