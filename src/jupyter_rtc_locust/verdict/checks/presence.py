"""Does every user see exactly those who are there?

jupyter-collaboration tells a newcomer nothing of who is there, so somebody is expected in a user's view only once it
has told of itself after that user's own sync; on the line that it still had at the end, because what was told on an
earlier one may have been lost with it. Who shows no `user` is a server with its own state, or looks on without a word.

That somebody is missing, shown as before, or shown too long rests on time: what an overloaded generator saw late may
have been its own doing, and in a document that was not quiet messages were still under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from jupyter_rtc_locust.verdict.evidence import (
    DocumentEvidence,
    PresenceEvidence,
    SeenPresence,
    ToldPresence,
    UserEvidence,
)
from jupyter_rtc_locust.verdict.findings import Caution, Finding, Kind, Opinion, limited, resting_on_time
from jupyter_rtc_locust.verdict.reading import CONNECTED
from jupyter_rtc_locust.verdict.wording import capitalised, named_users

UNDER_WAY_S = 5.0
"""For so long, what somebody told may be under way to the others."""
OUTDATED_S = 30.0
"""A client that tells nothing for so long is shown no more (y-protocols, `outdatedTimeout`)."""
LATE_S = 15.0
"""What was told on a line that broke may be under way for as long as a sync may take: longer is `stalled`."""
CLOCKS_DIFFER_S = 2.0
"""Times of two processes; those of one are exact."""


@dataclass(frozen=True, slots=True)
class _Party:
    """A user whose presence was followed."""

    user: UserEvidence
    presence: PresenceEvidence
    seen: dict[int, SeenPresence]


def check_everybody_is_seen(document: DocumentEvidence, sound: bool, documents: Sequence[DocumentEvidence]) -> Opinion:
    """`awareness-differs`: who was not seen, was seen as before or otherwise, or is a ghost or a double.

    `documents` are all of the run, which tell whose users are in the wrong one.
    """
    parties = _parties(document)
    opinion = Opinion(limited([*_altered(document, parties), *_out_of_place(document, documents, parties)]))
    opinion += Opinion(cautions=tuple(_strangers(document, documents, parties)))
    if not document.quiet:
        return opinion  # which is inconclusive for that very reason
    ghosts = [(peer, finding) for peer, finding in _ghosts(document, parties)]
    findings = [finding for peer, finding in ghosts if not peer.presence.gone_in_overload]
    opinion += Opinion(
        cautions=tuple(
            Caution(
                "overloaded", document.path, f"While more people were there than the server holds: {finding.detail}"
            )
            for peer, finding in ghosts
            if peer.presence.gone_in_overload
        )
    )
    return opinion + resting_on_time([*_unseen(document, parties), *findings], sound)


def presence_was_exercised(document: DocumentEvidence) -> bool:
    """Whether anybody had to be seen by anybody: short runs end before those who are there tell of it again."""
    parties = _parties(document)
    return any(
        _expected(viewer, peer) is not None for viewer in parties for peer in parties if peer.user is not viewer.user
    )


def _parties(document: DocumentEvidence) -> list[_Party]:
    return [
        _Party(user, user.presence, {one.client_id: one for one in user.presence.seen})
        for user in document.users
        if user.presence is not None
    ]


def _finding(document: DocumentEvidence, detail: str, users: Iterable[int]) -> Finding:
    return Finding(Kind.AWARENESS_DIFFERS, document.path, detail, tuple(dict.fromkeys(users)))


def _people(users: Iterable[int]) -> str:
    """They, at the beginning of a sentence."""
    return capitalised(named_users(dict.fromkeys(users)))


def _apart(one: PresenceEvidence, other: PresenceEvidence) -> float:
    """By how many seconds their clocks may differ."""
    return 0.0 if one.process == other.process else CLOCKS_DIFFER_S


# -- who is there -------------------------------------------------------------------------------------------------


def _expected(viewer: _Party, peer: _Party) -> ToldPresence | None:
    """The latest that the viewer has to have seen of the peer; None: nothing."""
    if viewer.user.stage != CONNECTED or peer.user.stage != CONNECTED:
        return None
    sees, tells = viewer.presence, peer.presence
    if sees.synced is None or sees.asked is None or sees.gone is not None:
        return None
    # Where the server did not answer the peer's last question, it may not have heard what it told, either.
    if tells.connected is None or tells.asked is None or tells.gone is not None:
        return None
    apart = _apart(sees, tells)
    for told in reversed(tells.told):
        # A server that stood still for seconds passes on late, to everybody alike.
        passed_on = told.at if told.heard is None else told.heard
        if passed_on <= sees.asked - UNDER_WAY_S - apart:
            heard = told.at >= max(sees.synced + apart, tells.connected)
            return told if heard else None
    return None


def _unseen(document: DocumentEvidence, parties: list[_Party]) -> Iterator[Finding]:
    """Peers that a user had to see, and did not, or not as they were."""
    for peer in parties:
        missed: dict[Callable[..., str], list[tuple[int, ToldPresence]]] = {}
        for viewer in parties:
            told = None if viewer is peer else _expected(viewer, peer)
            say = None if told is None else _miss(viewer.presence, viewer.seen.get(peer.user.client_id), told)
            if told is not None and say is not None:
                missed.setdefault(say, []).append((viewer.user.user, told))
        for say, those in missed.items():
            users = [user for user, _ in those]
            detail = say(_people(users), peer.user.user, max(told for _, told in those))
            yield _finding(document, detail, (*users, peer.user.user))


def _miss(viewer: PresenceEvidence, seen: SeenPresence | None, told: ToldPresence) -> Callable[..., str] | None:
    """How the viewer missed what it had to see; None: it did not."""
    if seen is None:
        return _never
    if seen.clock < told.clock:
        shown = seen.until is None and viewer.taken - seen.last < OUTDATED_S
        return _as_before if shown else _no_more
    if seen.until is not None and viewer.taken - seen.until > UNDER_WAY_S:
        return _no_more
    return None  # there; or silent for long by itself, which is no fault of the server


def _never(who: str, peer: int, told: ToldPresence) -> str:
    return (
        f"{who} never saw user {peer}, who was there to the end and had told of it at {told.at:.1f} s: they worked "
        f"beside somebody and did not know it."
    )


def _no_more(who: str, peer: int, told: ToldPresence) -> str:
    return (
        f"{who} did not see user {peer} any more, who was there to the end and had told of it at {told.at:.1f} s: "
        f"somebody at work seemed to have gone."
    )


def _as_before(who: str, peer: int, told: ToldPresence) -> str:
    return (
        f"{who} still saw user {peer} as it had been before, and nothing of what it told at {told.at:.1f} s (clock "
        f"{told.clock}) or later: the presence they saw had come to a stop."
    )


# -- who is not there any more ------------------------------------------------------------------------------------


def _ghosts(document: DocumentEvidence, parties: list[_Party]) -> Iterator[tuple[_Party, Finding]]:
    """Users that were still shown when their tab had been gone for long."""
    for peer in parties:
        gone = peer.presence.gone
        if gone is None:
            continue
        haunted = {
            viewer.user.user: until
            for viewer in parties
            if (seen := viewer.seen.get(peer.user.client_id)) is not None
            and (until := _shown_too_long(viewer.presence, peer.presence, seen)) is not None
        }
        if haunted:
            longest = max(haunted.values()) - gone
            detail = (
                f"{_people(haunted)} went on seeing user {peer.user.user} for {longest:.0f} s after "
                f"its tab was gone (at {gone:.1f} s): a ghost, which {OUTDATED_S:.0f} s without a word should end."
            )
            yield peer, _finding(document, detail, (*haunted, peer.user.user))


def _shown_too_long(viewer: PresenceEvidence, peer: PresenceEvidence, seen: SeenPresence) -> float | None:
    """Until when the viewer was shown a peer that was gone, where that was too long.

    Who saw it before shows its last word for 30 s, and a word that was slow to come for as long from then. A newcomer
    may be handed a state that the server itself has not yet found outdated, and shows it for 30 s in turn.
    """
    assert peer.gone is not None
    apart = _apart(viewer, peer)
    ended = viewer.taken if viewer.gone is None else viewer.gone
    until = min(seen.last + OUTDATED_S, ended, ended if seen.until is None else seen.until)
    newcomer = viewer.synced is None or viewer.synced > peer.gone - apart
    latest = peer.gone + apart + (OUTDATED_S + UNDER_WAY_S if newcomer else LATE_S)
    too_long = seen.last > latest and (newcomer or until > peer.gone + apart + OUTDATED_S + UNDER_WAY_S)
    return until if too_long else None


# -- what was told by nobody --------------------------------------------------------------------------------------


def _altered(document: DocumentEvidence, parties: list[_Party]) -> Iterator[Finding]:
    """States that their client never told, or with a clock that it never told."""
    for peer in parties:
        own = peer.presence
        told = {one.clock: one.state for one in own.told}
        highest = own.told[-1].clock if own.told else 0
        otherwise: list[int] = []
        ahead: dict[int, int] = {}
        for viewer in parties:
            seen = viewer.seen.get(peer.user.client_id)
            if seen is None or viewer is peer:
                continue
            swapped = seen.until is None and told.get(seen.clock) not in (None, seen.state)
            if swapped or not set(seen.states) <= set(own.states):
                otherwise.append(viewer.user.user)
            # What was told after the peer's own record was put down is not in it.
            latest = seen.last if seen.until is None else max(seen.last, seen.until)
            complete = own.gone is not None or latest <= own.taken - _apart(viewer.presence, own)
            if seen.clock > highest and complete:
                ahead[viewer.user.user] = seen.clock
        if otherwise:
            detail = (
                f"{_people(otherwise)} saw user {peer.user.user} otherwise than it had told of itself: "
                f"somebody else's name, colour or place, or a changed one."
            )
            yield _finding(document, detail, (*otherwise, peer.user.user))
        if ahead:
            detail = (
                f"{_people(ahead)} saw a presence of user {peer.user.user} that it never told (clock "
                f"{max(ahead.values())}; its own last one is {highest}): to them somebody was there, or had gone, who "
                f"had not said so."
            )
            yield _finding(document, detail, (*ahead, peer.user.user))


def _out_of_place(
    document: DocumentEvidence, documents: Sequence[DocumentEvidence], parties: list[_Party]
) -> Iterator[Finding]:
    """Users of other documents, and users of the run under client ids that nobody owns."""
    shown = {client_id for party in parties for client_id in party.seen}
    # Of all users of the run only those that somebody saw here: this is asked of each document about all others.
    elsewhere = {
        user.client_id: (user.user, other.path)
        for other in (documents if shown else ())
        if other.path != document.path
        for user in other.users
        if user.client_id in shown
    }
    for client_id, viewers in _viewers_of(parties, elsewhere).items():
        user, path = elsewhere[client_id]
        detail = f"{_people(viewers)} saw user {user} here, who had only {path} open: somebody of another document."
        yield _finding(document, detail, (*viewers, user))
    for client_id, viewers in _nobodys(document, parties).items():
        if (double := _double(documents, parties, client_id)) is not None:
            detail = (
                f"{_people(viewers)} saw user {double} once more, under client id {client_id}, which "
                f"is nobody's: somebody stood there twice."
            )
            yield _finding(document, detail, (*viewers, double))


def _strangers(
    document: DocumentEvidence, documents: Sequence[DocumentEvidence], parties: list[_Party]
) -> Iterator[Caution]:
    """People who are not of the run, and looked on."""
    clients = [client for client in _nobodys(document, parties) if _double(documents, parties, client) is None]
    if clients:
        names = ", ".join(map(str, sorted(clients)))
        detail = f"Somebody who is not of this run had the document open (client {names})."
        yield Caution("unexpected-guest", document.path, detail)


def _viewers_of(parties: list[_Party], clients: Iterable[int]) -> dict[int, list[int]]:
    """Those of these clients that were seen, each with the users who saw it."""
    found: dict[int, list[int]] = {}
    wanted = frozenset(clients)
    for viewer in parties:
        for client_id in wanted.intersection(viewer.seen):
            found.setdefault(client_id, []).append(viewer.user.user)
    return found


def _nobodys(document: DocumentEvidence, parties: list[_Party]) -> dict[int, list[int]]:
    """People under client ids of nobody of the run, with the users who saw them; none where guests are expected."""
    if document.guests_expected:
        return {}
    people = {client for viewer in parties for client, seen in viewer.seen.items() if seen.person}
    return _viewers_of(parties, people - document.authors.keys())


def _double(documents: Sequence[DocumentEvidence], parties: list[_Party], client_id: int) -> int | None:
    """The user of the run, of whichever document, whose very state this client shows."""
    shown = {state for viewer in parties if client_id in viewer.seen for state in viewer.seen[client_id].states}
    for document in documents:
        for user in document.users:
            if user.presence is not None and not shown.isdisjoint(user.presence.states):
                return user.user
    return None
