"""Which of a document's replicas in this process hold the same, so that each state of them travels once.

Equal replicas are the rule, so the first question is the cheap one, of bytes. Content is read only where it says no:
replicas that came to the same content by other structs are one, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jupyter_rtc_locust.coordination.turns import Turns
from jupyter_rtc_locust.documents.canonical import content_digest, read_in_turns
from jupyter_rtc_locust.documents.kinds import DocumentKind
from jupyter_rtc_locust.documents.replica import Replica
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.same_updates import KnownStructs
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.verdict.evidence import ReplicaEvidence
from jupyter_rtc_locust.verdict.rebuilt import document_of


@dataclass(slots=True, eq=False)
class _State:
    """What some users hold."""

    users: list[int]
    structs: KnownStructs
    evidence: ReplicaEvidence
    kind: DocumentKind


class ReplicasHeld:
    """Takes replicas one by one, and tells the states they are in."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._states: dict[frozenset[tuple[int, int]], list[_State]] = {}
        """By the entries of their state vectors."""

    def add(self, user: int, replica: Replica) -> None:
        """Note what this user's replica holds now."""
        vector = replica.state_vector()
        update = replica.full_update()
        # Asked for what it lacks itself, a document answers with nothing but its delete set.
        deleted = replica.update_since(replica.encoded_state())
        deletions = decode_update(deleted).deletions
        structs = update.removesuffix(deleted[1:])
        states = self._states.setdefault(frozenset(vector.items()), [])
        for state in states:
            if state.evidence.deletions == deletions and state.structs.equals(structs):
                state.users.append(user)
                return
        covered = ClockRanges.from_state_vector(vector)
        evidence = ReplicaEvidence((), update, deletions, covered)
        states.append(_State([user], KnownStructs(structs), evidence, replica.kind))

    def evidence(self) -> tuple[ReplicaEvidence, ...]:
        """Each state once, with its users."""
        found = []
        for states in self._states.values():
            found += [states] if len(states) == 1 else self._of_equal_content(states)
        return tuple(
            replace(same[0].evidence, users=tuple(user for one in same for user in one.users)) for same in found
        )

    def _of_equal_content(self, states: list[_State]) -> list[list[_State]]:
        """States of equal clocks, put together where deletions and content are equal."""
        together: dict[tuple[str, ClockRanges], list[_State]] = {}
        for state in states:
            # Read in a copy, so that nothing comes in between while other greenlets have their turns.
            content = read_in_turns(document_of([state.evidence.update]), state.kind, self._turns)
            together.setdefault((content_digest(content), state.evidence.deletions), []).append(state)
        return list(together.values())
