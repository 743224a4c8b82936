"""Which of a document's replicas in this process hold the same, so that each state of them travels once.

Equal replicas are the rule, so the first question is the cheap one, of bytes: each replica is written as one update,
and everything else is asked only of the first one of a state, because it follows from the update. Content is read only
where bytes say no: replicas that came to the same content by other structs are one, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.canonical import content_digest, read_in_turns
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.same_updates import KnownUpdate
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.verdict.evidence import ReplicaEvidence
from jupyter_rtc_locust.verdict.rebuilt import document_of


@dataclass(slots=True, eq=False)
class _State:
    """What some users hold."""

    users: list[int]
    known: KnownUpdate
    evidence: ReplicaEvidence
    kind: DocumentKind


class ReplicasHeld:
    """Takes replicas one by one, and tells the states they are in."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._states: dict[int, list[_State]] = {}
        """By the length of their updates: whatever is the same is as long."""

    def add(self, user: int, replica: Replica) -> None:
        """Note what this user's replica holds now."""
        update = replica.full_update()
        states = self._states.setdefault(len(update), [])
        for state in states:
            if state.known.equals(update):
                state.users.append(user)
                return
        # Asked for what it lacks itself, a document answers with nothing but its delete set.
        deletions = decode_update(replica.update_since(replica.encoded_state())).deletions
        covered = ClockRanges.from_state_vector(replica.state_vector())
        evidence = ReplicaEvidence((), update, deletions, covered)
        states.append(_State([user], KnownUpdate(update), evidence, replica.kind))

    def evidence(self) -> tuple[ReplicaEvidence, ...]:
        """Each state once, with its users."""
        # Only what covers the same clocks with the same deletions can be the same by content.
        alike: dict[tuple[ClockRanges, ClockRanges], list[_State]] = {}
        for states in self._states.values():
            for state in states:
                alike.setdefault((state.evidence.covered, state.evidence.deletions), []).append(state)
        found = []
        for states in alike.values():
            found += [states] if len(states) == 1 else self._of_equal_content(states)
        return tuple(
            replace(same[0].evidence, users=tuple(user for one in same for user in one.users)) for same in found
        )

    def _of_equal_content(self, states: list[_State]) -> list[list[_State]]:
        """States of equal clocks and deletions, put together where content is equal."""
        together: dict[str, list[_State]] = {}
        for state in states:
            # Read in a copy, so that nothing comes in between while other greenlets have their turns.
            content = read_in_turns(document_of([state.evidence.update]), state.kind, self._turns)
            together.setdefault(content_digest(content), []).append(state)
        return list(together.values())
