"""Is everything there that anybody wrote, once, and nothing else? The newcomer's document against the oracle.

Content decides whether there is a finding; the ids of what is there say whose (rule 9). Foreign structs outside `state`
are findings by themselves, also when their effect is gone at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_rtc_locust.documents.canonical import same
from jupyter_rtc_locust.documents.comparison import differences, sentence
from jupyter_rtc_locust.documents.leniency import rebuilt_differences
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.verdict.checks.history import altered_words, history_replaced, misplaced_words
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, limited
from jupyter_rtc_locust.verdict.foreign_content import foreign_findings
from jupyter_rtc_locust.verdict.oracle import Oracle
from jupyter_rtc_locust.verdict.reading import Reading, keys_of
from jupyter_rtc_locust.verdict.rebuilt import content_of
from jupyter_rtc_locust.verdict.rebuilt_cells import cells_in
from jupyter_rtc_locust.verdict.received_deletions import UnauthoredDeletion
from jupyter_rtc_locust.verdict.wording import cells_around, counted, described, items_in, named_users, pieces_of


def check_against_oracle(reading: Reading, oracle: Oracle, unauthored: Sequence[UnauthoredDeletion] = ()) -> Opinion:
    """`lost-edit`, `duplicated-content`, `invented-edit`, and what could not be established.

    What is missing because of an `unauthored` deletion has a finding of its own, with the time of it.
    """
    path = reading.evidence.path
    judged = reading.judged
    if judged is None:
        unknown = f"{path}: nobody's document is known, so nothing could be compared with what was written."
        return Opinion(unknown=(unknown,))
    if oracle.replaced:
        return history_replaced(reading, oracle, judged)
    content = content_of(judged.encoded, reading.evidence.kind)
    live = reading.live_in(judged.update)
    told = ClockRanges().union(*(one.ranges for one in unauthored))
    opinion = _unknowns(reading, oracle) + _cautions(reading, oracle)
    opinion += Opinion(guests=oracle.guests.listed(path))
    opinion += Opinion(altered_words(reading, oracle, judged) + foreign_findings(reading, oracle, live, told))
    missing = oracle.live.difference(live).difference(oracle.overwritten).difference(told)
    extra = _outside_foreign(reading, oracle, live.difference(oracle.live))
    if oracle.rebuilt.as_a_whole and not rebuilt_differences(
        oracle.content, content, "notebook", oracle.copies, limit=1
    ):
        return opinion
    if same(content, oracle.content):
        return opinion + _equal_by_chance(reading, missing.union(extra))
    if oracle.missing or oracle.unaccounted:
        return opinion  # the oracle is not whole, so a difference from it says nothing
    found = _lost(reading, oracle, missing, judged.whose) + _not_deleted(reading, extra, judged.whose)
    if found and oracle.guests.clients:
        return opinion + Opinion(unknown=(_perhaps_a_guest(reading, oracle, missing.union(extra)),))
    if not found and not told and not oracle.strange and not opinion.findings:
        found = misplaced_words(reading, judged)
    if not found and not told and not oracle.strange and not opinion.findings:
        first = sentence(differences(oracle.content, content, limit=1)[0], "written", judged.whose)
        detail = f"For {judged.whose}, everything that was written is there, but not as it was: {first}"
        found = (Finding(Kind.LOST_EDIT, path, detail),)
    return opinion + Opinion(limited(found))


def _outside_foreign(reading: Reading, oracle: Oracle, ranges: ClockRanges) -> ClockRanges:
    """The part of these clocks that is neither foreign nor inside something foreign, which has its own finding."""
    foreign = oracle.foreign.union(oracle.strange)
    if not foreign:
        return ranges
    kept = []
    for item in items_in(reading.lineage, ranges.difference(foreign)):
        if not any(ancestor in foreign for ancestor in reading.lineage.ancestors((item.client, item.clock))):
            kept.append((item.client, item.clock, item.end))
    return ClockRanges.of(kept)


def _lost(reading: Reading, oracle: Oracle, missing: ClockRanges, whose: str) -> tuple[Finding, ...]:
    """Content that is in the oracle and not in the judged document: whose it was, and what."""
    findings = []
    from_outside = missing.intersection(oracle.outside.structs)
    if from_outside:
        what = pieces_of(reading.lineage, from_outside)
        detail = f"For {whose}, what was written into the file from outside is gone: {what}. Nobody deleted it."
        findings.append(Finding(Kind.LOST_EDIT, reading.evidence.path, detail))
    for author, ranges in reading.divided_by_author(missing.difference(from_outside)):
        what = "what stood in the document from the start" if author is None else f"what {described(author.edit)} wrote"
        users = () if author is None else (author.edit.user,)
        lineage = reading.lineage
        detail = f"For {whose}, {what} is gone: {pieces_of(lineage, ranges)}{cells_around(lineage, ranges)}. "
        detail += _why(oracle, ranges)
        findings.append(Finding(Kind.LOST_EDIT, reading.evidence.path, detail, users, edits=keys_of([author])))
    return tuple(findings)


def _why(oracle: Oracle, ranges: ClockRanges) -> str:
    """Nobody deleted it, or somebody whose edit arrived only in part."""
    for one in oracle.left_out:
        if one.update.deletions.intersection(ranges):
            return f"The only one who deleted it is {described(one.edit)}, of which nothing else arrived."
    return "Nobody deleted it."


def _not_deleted(reading: Reading, extra: ClockRanges, whose: str) -> tuple[Finding, ...]:
    """Content that somebody deleted or replaced and that is there all the same: the deletion is the lost edit."""
    findings = []
    left = extra
    for one in reading.deleted_by(extra):
        undone = left.intersection(one.update.deletions)
        if undone:
            left = left.difference(undone)
            what = pieces_of(reading.lineage, undone)
            where = cells_around(reading.lineage, undone)
            detail = f"For {whose}, what {described(one.edit)} deleted still stands there: {what}{where}."
            findings.append(
                Finding(Kind.LOST_EDIT, reading.evidence.path, detail, (one.edit.user,), edits=keys_of([one]))
            )
    if left:
        # Deleted with something around it, or replaced by a newer value: no edit names it.
        what, where = pieces_of(reading.lineage, left), cells_around(reading.lineage, left)
        detail = f"For {whose}, what was deleted or replaced still stands there: {what}{where}."
        findings.append(Finding(Kind.LOST_EDIT, reading.evidence.path, detail))
    return tuple(findings)


def _equal_by_chance(reading: Reading, differing: ClockRanges) -> Opinion:
    """The same text, made of other people's letters than it should be: nobody can see it, so it is no finding."""
    if not differing:
        return Opinion()
    detail = (
        f"The content is right, but some of it ({counted(differing.total(), 'unit')}) is not what was written there: "
        f"{pieces_of(reading.lineage, differing)}."
    )
    return Opinion(cautions=(Caution("equal-by-chance", reading.evidence.path, detail),))


def _perhaps_a_guest(reading: Reading, oracle: Oracle, differing: ClockRanges) -> str:
    clients = ", ".join(map(str, sorted(oracle.guests.clients)))
    what = pieces_of(reading.lineage, differing)
    return (
        f"{reading.evidence.path}: some pieces ({counted(differing.total(), 'unit')}: {what}) are not as the run's "
        f"users left them. A guest (client {clients}) was at work, and a deletion carries nobody's name."
    )


def _unknowns(reading: Reading, oracle: Oracle) -> Opinion:
    path = reading.evidence.path
    unknown = []
    if oracle.unaccounted:
        users = sorted({reading.evidence.authors[client] for client in oracle.unaccounted.clients()})
        unknown.append(
            f"{path}: of {counted(oracle.unaccounted.total(), 'unit')} written by {named_users(users)}, the author's "
            f"own record is missing, so the right content is not known."
        )
    if oracle.missing:
        unknown.append(
            f"{path}: some pieces ({counted(oracle.missing.total(), 'unit')}) build on something that nobody ever saw, "
            f"so the right content is not known."
        )
    if oracle.guests.unseen:
        clients = ", ".join(map(str, sorted(oracle.guests.unseen)))
        unknown.append(
            f"{path}: somebody wrote in it whose presence was not seen (client {clients}): a guest, or the server. A "
            f"tab tells only every 15 s that it is there, so a longer run shows who it is."
        )
    if oracle.unknown_root:
        unknown.append(
            f"{path}: of {counted(oracle.unknown_root.total(), 'unit')} that nobody of this run wrote, nothing is left "
            f"to tell what they were."
        )
    if reading.unreadable:
        unknown.append(f"{path}: {counted(reading.unreadable, 'update')} of the server could not be read.")
    return Opinion(unknown=tuple(unknown))


def _cautions(reading: Reading, oracle: Oracle) -> Opinion:
    path = reading.evidence.path
    cautions = []
    if oracle.copies:
        names = ", ".join(sorted(oracle.copies)[:5])
        detail = f"Cells stand more than once because people moved them at the same time: {names}."
        cautions.append(Caution("cell-copies", path, detail))
    if oracle.renamed:
        cells = counted(oracle.renamed.total(), "copy")
        detail = f"While saving, the server gave a new id to {cells} of cells that people had moved at the same time."
        cautions.append(Caution("copy-renamed", path, detail))
    if oracle.reloaded:
        entries = counted(oracle.reloaded.total(), "entry")
        detail = (
            f"The server rebuilt the room, and wrote {entries} of the metadata of cells anew: `trusted`, or the value "
            f"that stood there."
        )
        cautions.append(Caution("room-rebuilt", path, detail))
    if oracle.rebuilt.as_a_whole:
        detail = (
            "After everybody had left, the server made the room anew of its file and of a store that did not fit it; "
            "what it gives to a newcomer is right."
        )
        cautions.append(Caution("room-rebuilt", path, detail))
    elif oracle.rebuilt.structs:
        cells = counted(cells_in(reading, oracle.rebuilt.structs), "cell")
        detail = (
            f"The server rebuilt the room of a notebook whose file has no ids of cells, and put {cells} with new ids "
            f"in the place of equal ones: whoever was in one of them was thrown out of it."
        )
        cautions.append(Caution("room-rebuilt", path, detail))
    if oracle.guests.clients and not reading.evidence.guests_expected:
        clients = ", ".join(map(str, sorted(oracle.guests.clients)))
        detail = (
            f"Somebody who is not of this run edited the document (client {clients}); its edits were taken as meant."
        )
        cautions.append(Caution("unexpected-guest", path, detail))
    return Opinion(cautions=tuple(cautions))
