"""Mistakes to be noticed: what is changed in `verdict/`, in words and in code. The first field is the number of the rule it breaks.

Each is made in a copy of the sources, and the tests of the verdict have to fail. A text that is not found any more is an
error of this list: the code has moved on, and the mistake has to be made anew.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One mistake: in which file of `verdict/`, which text is replaced by which, once."""

    name: str
    file: str
    text: str
    replacement: str


MUTANTS = (
    Mutant(
        "1 applied one by one",
        "rebuilt.py",
        "    doc.apply_update(merge_updates(updates))",
        "    for update in updates: doc.apply_update(update)",
    ),
    Mutant(
        "2 state does not enter",
        "oracle.py",
        "entering = [welcomed, notes, ",
        "entering = [welcomed, ",
    ),
    Mutant(
        "2 state enters with deletions",
        "oracle.py",
        "notes = select(material, of_state).without_deletions()",
        "notes = select(material, of_state)",
    ),
    Mutant(
        "2 foreign enters visibly",
        "oracle.py",
        "_made_invisible(select(material, hidden), _anchors(meant, hidden), hidden)",
        "select(material, hidden).without_deletions()",
    ),
    Mutant(
        "2 foreign left out",
        "oracle.py",
        "_made_invisible(select(material, hidden), _anchors(meant, hidden), hidden), ",
        "",
    ),
    Mutant(
        "2 foreign: with all deletions",
        "oracle.py",
        "return replace(update, structs=structs, deletions=hidden)",
        "return replace(update, structs=structs, deletions=hidden.union(update.deletions))",
    ),
    Mutant(
        "2 no exception for copies",
        "oracle.py",
        "renamed = renamed_copies(reading, elsewhere)",
        "renamed = ClockRanges()",
    ),
    Mutant(
        "2 every new id is excused",
        "renamed_copies.py",
        "        if other in self._before(one) or one in self._before(other):\n            return False",
        "        if True: return True",
    ),
    Mutant(
        "2 new ids at any time",
        "renamed_copies.py",
        "        return first - _CLOCKS_DIFFER_S <= moment <= last + _READ_LATE_S",
        "        return True",
    ),
    Mutant(
        "2 new ids never unknown",
        "renamed_copies.py",
        "        if any(lives",
        "        if True or any(lives",
    ),
    Mutant(
        "2 moved cells count as copies",
        "renamed_copies.py",
        "        if other in self._before(one) or one in self._before(other):",
        "        if False:",
    ),
    Mutant(
        "3 by client alone",
        "oracle.py",
        ".difference(reading.initial_ranges)\n",
        ".difference(reading.seen_ranges.of_clients(reading.initial_ranges.clients()))\n",
    ),
    Mutant(
        "4 unaccounted is foreign",
        "oracle.py",
        "unaccounted = others.of_clients(evidence.authors)",
        "unaccounted = ClockRanges()",
    ),
    Mutant(
        "4 no guests",
        "guests.py",
        "clients = frozenset(others.of_clients(reading.visitors).clients())",
        "clients = frozenset()",
    ),
    Mutant(
        "4 guests delete nothing",
        "guests.py",
        "return Guests(clients, outside_state.of_clients(clients), ClockRanges().union(*deletions))",
        "return Guests(clients, outside_state.of_clients(clients), ClockRanges())",
    ),
    Mutant(
        "4 watchers are guests",
        "guests.py",
        "clients = frozenset(others.of_clients(reading.visitors).clients())",
        "clients = frozenset(reading.visitors)",
    ),
    Mutant(
        "4 guests excuse losses",
        "checks/truth.py",
        "    if found and oracle.guests.clients:",
        "    if oracle.guests.clients: return opinion\n    if found and oracle.guests.clients:",
    ),
    Mutant(
        "4 guests do not soften",
        "checks/truth.py",
        "    if found and oracle.guests.clients:",
        "    if False:",
    ),
    Mutant(
        "5 first snapshot not judged",
        "checks/agreement.py",
        "    if document.template is None:\n",
        "    if True:\n",
    ),
    Mutant(
        "6 lacks ignored",
        "checks/agreement.py",
        "        if user.stage == CONNECTED and lacks:",
        "        if False:",
    ),
    Mutant(
        "6 newcomer's clocks ignored",
        "checks/agreement.py",
        "            lacks = _known(reading, reading.joiner_ranges.difference(held[one.evidence.users[0]]))",
        "            lacks = ClockRanges()",
    ),
    Mutant(
        "6 lacks of anybody",
        "checks/agreement.py",
        "    return ranges.of_clients(reading.evidence.authors)",
        "    return ranges",
    ),
    Mutant(
        "7 pending not judged",
        "checks/acknowledgement.py",
        "        if user.stage == CONNECTED and user.gaps:",
        "        if False:",
    ),
    Mutant(
        "7 pending of the lost",
        "checks/acknowledgement.py",
        "        if user.stage == CONNECTED and user.gaps:",
        "        if user.gaps:",
    ),
    Mutant(
        "8 pure deletions need an echo",
        "reading.py",
        "        return self.joiner is not None and self.joiner.deletions.covers(one.update.deletions)\n\n    def is_held",
        "        return False\n\n    def is_held",
    ),
    Mutant(
        "8 pure deletions always settled",
        "reading.py",
        "        return self.joiner is not None and self.joiner.deletions.covers(one.update.deletions)\n\n    def is_held",
        "        return True\n\n    def is_held",
    ),
    Mutant(
        "8 state vector ignored",
        "reading.py",
        "            return self.server_covers.covers(one.ranges)",
        "            return False",
    ),
    Mutant(
        "9 newcomer's deletions not compared",
        "checks/agreement.py",
        "undeleted = reading.outside_state(one.evidence.deletions.difference(reading.joiner.deletions))",
        "undeleted = ClockRanges()",
    ),
    Mutant(
        "9 replicas' deletions not compared",
        "checks/agreement.py",
        "undeleted = reading.outside_state(reading.joiner.deletions.difference(one.evidence.deletions))",
        "undeleted = ClockRanges()",
    ),
    Mutant(
        "9 ids not compared",
        "checks/truth.py",
        "    if not differing:\n        return Opinion()",
        "    if True:\n        return Opinion()",
    ),
    Mutant(
        "11 copies malformed",
        "checks/shape.py",
        "    copies = copied_ids(initial) | (oracle.copies if oracle is not None else frozenset())",
        "    copies = frozenset()",
    ),
    Mutant(
        "11 any copies well-formed",
        "checks/shape.py",
        "    copies = copied_ids(initial) | (oracle.copies if oracle is not None else frozenset())",
        "    copies = copied_ids(content_of(judged.encoded, document.kind))",
    ),
    Mutant(
        "11 file must hold copies",
        "checks/saved_file.py",
        "document.kind, copied_ids(content))",
        "document.kind, ())",
    ),
    Mutant(
        "12 replaced history unnoticed",
        "oracle.py",
        "replaced=reading.outside_state(conflicts.difference(altered)),",
        "replaced=ClockRanges(),",
    ),
    Mutant(
        "12 never lost",
        "checks/history.py",
        '        if gone:\n            detail = (\n                f"The server',
        '        if False:\n            detail = (\n                f"The server',
    ),
    Mutant(
        "12 typed-into words lost",
        "checks/history.py",
        "not any(_runs_through(text, other)",
        "not any(text in other",
    ),
    Mutant(
        "12 deleted words lost",
        "checks/history.py",
        "    if any(reading.outside_state(one.update.deletions) for one in new):",
        "    if False:",
    ),
    Mutant(
        "12 altered unnoticed",
        "oracle.py",
        "        altered=altered,",
        "        altered=ClockRanges(),",
    ),
    Mutant(
        "13 judged on users first",
        "reading.py",
        "        if self.joiner is not None and joiner is not None:\n            return Judged",
        "        if self.joiner is not None and joiner is not None and not self.groups:\n            return Judged",
    ),
    Mutant(
        "13 text never doubled",
        "foreign_content.py",
        "        if original := _text_beside(lineage, item):",
        "        if False:",
    ),
    Mutant(
        "13 text behind not looked at",
        "foreign_content.py",
        "    if item.right_origin is not None and _text_behind",
        "    if False and _text_behind",
    ),
    Mutant(
        "13 cells never doubled",
        "foreign_content.py",
        "            Kind.DUPLICATED_CONTENT if cells.has_another(identity, cell_type, source) else Kind.INVENTED_EDIT,",
        "            Kind.INVENTED_EDIT,",
    ),
    Mutant(
        "13 no look back",
        "foreign_content.py",
        "        return _has_cell(self._before(foreign), cell_type, source)",
        "        return False",
    ),
    Mutant(
        "13 empty cells doubled",
        "foreign_content.py",
        "        if not source.strip():\n            return False\n",
        "",
    ),
    Mutant(
        "13 pieces inside are findings",
        "foreign_content.py",
        "        if any(ancestor in oracle.foreign for ancestor in lineage.ancestors(identity)):\n            continue\n",
        "",
    ),
    Mutant(
        "13 pieces inside are lost",
        "checks/truth.py",
        "    if not oracle.foreign:\n        return ranges",
        "    return ranges.difference(oracle.foreign)",
    ),
    Mutant(
        "foreign gone unnoticed",
        "foreign_content.py",
        "    for item in _stretches(lineage, oracle.foreign):",
        "    for item in _stretches(lineage, oracle.foreign.intersection(live)):",
    ),
    Mutant(
        "overwritten told twice",
        "oracle.py",
        "overwritten=_overwritten(reading, foreign),",
        "overwritten=ClockRanges(),",
    ),
    Mutant(
        "entries hidden by deletion",
        "oracle.py",
        "if isinstance(struct, Item) and struct.keyed and Id(client, struct.clock) not in needed",
        "if False",
    ),
    Mutant(
        "entries forgotten though built on",
        "oracle.py",
        "if isinstance(struct, Item) and struct.keyed and Id(client, struct.clock) not in needed",
        "if isinstance(struct, Item) and struct.keyed",
    ),
    Mutant(
        "lost lines are compared",
        "reading.py",
        "clients = {user.user: user.client_id for user in evidence.users if user.stage == CONNECTED}",
        "clients = {user.user: user.client_id for user in evidence.users}",
    ),
    Mutant(
        "unacked of gone enters",
        "oracle.py",
        "        one for one in reading.authored if not reading.is_acknowledged(one) and not reading.is_held_elsewhere(one)",
        "        one for one in reading.authored if False",
    ),
    Mutant(
        "not held elsewhere",
        "reading.py",
        "    def is_held_elsewhere(self, one: AuthoredStructs) -> bool:",
        "    def is_held_elsewhere(self, one: AuthoredStructs) -> bool:\n        return False\n    def _x(self, one):",
    ),
    Mutant(
        "lost not told",
        "checks/truth.py",
        "    found = _lost(reading, missing, judged.whose) + _not",
        "    found = () + _not",
    ),
    Mutant(
        "undeleted not told",
        "checks/truth.py",
        " + _not_deleted(reading, extra, judged.whose)",
        "",
    ),
    Mutant(
        "order not told",
        "checks/truth.py",
        "    if not found and not opinion.findings:",
        "    if False:",
    ),
    Mutant(
        "not whole yet judged",
        "checks/truth.py",
        "    if oracle.missing or oracle.unaccounted:\n        return opinion",
        "    if False:\n        return opinion",
    ),
    Mutant(
        "unseen keep all pending",
        "oracle.py",
        "        if inner and client not in",
        "        if False and client not in",
    ),
    Mutant(
        "unacknowledged not told",
        "checks/acknowledgement.py",
        "        if one.edit.client_id in reading.connected_clients:",
        "        if False:",
    ),
    Mutant(
        "diverged not told",
        "checks/agreement.py",
        "        for group in reading.groups[1:]:",
        "        for group in ():",
    ),
    Mutant(
        "joiner not told",
        "checks/agreement.py",
        "    if not same(reading.given, most.content):",
        "    if False:",
    ),
    Mutant(
        "stale newcomer blames file",
        "checks/saved_file.py",
        "    if replicas:\n        expected.append",
        "    if False:\n        expected.append",
    ),
    Mutant(
        "unsaved file of nobody",
        "checks/saved_file.py",
        "        if found and same(content",
        "        if False and same(content",
    ),
    Mutant(
        "gone file unknown",
        "checks/saved_file.py",
        "    if saved.gone:",
        "    if False:",
    ),
    Mutant(
        "malformed before",
        "checks/shape.py",
        "        found = [problem for problem in found if _kind_of(problem) not in kinds]",
        "        pass",
    ),
    Mutant(
        "malformed place",
        "checks/shape.py",
        "if _kind_of(problem) not in kinds]",
        "if problem not in before]",
    ),
    Mutant(
        "written malformed fails",
        "checks/shape.py",
        "    written = _written(oracle, document.kind, copies) if found else []",
        "    written = []",
    ),
    Mutant(
        "not quiet compared",
        "decision.py",
        "    if not document.quiet:\n        return opinion",
        "    if False:\n        return opinion",
    ),
    Mutant(
        "unheard ignored",
        "checks/agreement.py",
        "    if unheard:",
        "    if False:",
    ),
    Mutant(
        "unasked ignored",
        "checks/agreement.py",
        "    if unasked:",
        "    if False:",
    ),
    Mutant(
        "no joiner ignored",
        "checks/agreement.py",
        '        return Opinion(unknown=(f"{document.path}: no newcomer opened the document at the end.",))',
        "        return Opinion()",
    ),
    Mutant(
        "sound ignored",
        "checks/service.py",
        "    if sound:\n",
        "    if True:\n",
    ),
    Mutant(
        "tie not broken",
        "reading.py",
        "group.digest != given, ",
        "",
    ),
    Mutant(
        "torn ignored",
        "oracle.py",
        ".union(_torn(meant, unseen.clock_ranges()))",
        "",
    ),
    Mutant(
        "lacks beyond gap",
        "checks/agreement.py",
        ".difference(held.get(user.user, ClockRanges()))",
        "",
    ),
    Mutant(
        "presence: newcomers see at once",
        "checks/presence.py",
        "max(sees.synced + apart, tells.connected)",
        "tells.connected",
    ),
    Mutant(
        "presence: told on a lost line",
        "checks/presence.py",
        "max(sees.synced + apart, tells.connected)",
        "sees.synced + apart",
    ),
    Mutant(
        "presence: nothing is under way",
        "checks/presence.py",
        "UNDER_WAY_S = 5.0",
        "UNDER_WAY_S = 0.0",
    ),
    Mutant(
        "presence: a server never stands still",
        "checks/presence.py",
        "told.at if told.heard is None else told.heard",
        "told.at",
    ),
    Mutant(
        "presence: clocks never differ",
        "checks/presence.py",
        "0.0 if one.process == other.process else CLOCKS_DIFFER_S",
        "0.0",
    ),
    Mutant(
        "presence: who is there may be as before",
        "checks/presence.py",
        "    if seen.clock < told.clock:",
        "    if False:",
    ),
    Mutant(
        "presence: ghosts by their last word",
        "checks/presence.py",
        "(OUTDATED_S + UNDER_WAY_S if newcomer else LATE_S)",
        "LATE_S",
    ),
    Mutant(
        "presence: clocks told by nobody",
        "checks/presence.py",
        "            if seen.clock > highest and complete:",
        "            if False:",
    ),
    Mutant(
        "presence: records end at once",
        "checks/presence.py",
        "            if seen.clock > highest and complete:",
        "            if seen.clock > highest:",
    ),
    Mutant(
        "presence: altered states pass",
        "checks/presence.py",
        "            if swapped or not set(seen.states) <= set(own.states):",
        "            if swapped:",
    ),
    Mutant(
        "presence: overload ignored",
        "checks/presence.py",
        "    if sound:",
        "    if True:",
    ),
)
