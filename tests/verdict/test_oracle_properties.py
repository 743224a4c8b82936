"""What must hold of the oracle whatever was written: any order gives it, losing any edit is seen, twice is once."""

from dataclasses import replace
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from jupyter_rtc_locust.documents.canonical import same
from jupyter_rtc_locust.protocol.clock_ranges import ClockRanges
from jupyter_rtc_locust.protocol.merging import merge_updates
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector
from jupyter_rtc_locust.protocol.updates import decode_update
from jupyter_rtc_locust.verdict.decision import decide
from jupyter_rtc_locust.verdict.evidence import DocumentEvidence, ReplicaEvidence, RunEvidence, Snapshot
from jupyter_rtc_locust.verdict.findings import Kind, Value
from jupyter_rtc_locust.verdict.oracle import build_oracle
from jupyter_rtc_locust.verdict.reading import Reading
from jupyter_rtc_locust.verdict.rebuilt import content_of, document_of
from verdict.model_server import cells_of, text_of
from verdict.opinions import report
from verdict.swarm_model import SwarmModel, random_run
from verdict.templates import TEXT, plain_notebook

seeds = st.integers(0, 11)
few = settings(max_examples=40, deadline=None)


@lru_cache
def healthy(seed: int) -> DocumentEvidence:
    """The evidence of a random run that passes."""
    kind, template = ("text", TEXT) if seed % 3 == 0 else ("notebook", plain_notebook("a = 1", "b = 2", "c = 3"))
    swarm = SwarmModel(template, kind=kind, seed=seed, users=3, processes=1 + seed % 2)
    random_run(swarm, 70, leaving=0)
    swarm.finish()
    return swarm.evidence(saved=None)


def judged(evidence: DocumentEvidence):
    return decide(RunEvidence(documents=(evidence,)))


def with_all_agreeing_on(evidence: DocumentEvidence, updates: list[bytes]) -> DocumentEvidence:
    """Every replica and a newcomer hold a document of these updates: only the oracle can tell whether it is right."""
    doc = document_of(updates)
    update, vector = doc.get_update(), decode_state_vector(doc.get_state())
    users = tuple(user.user for user in evidence.users)
    replica = ReplicaEvidence(users, update, decode_update(update).deletions, ClockRanges.from_state_vector(vector))
    calm = tuple(replace(user, lacks=ClockRanges(), gaps=ClockRanges()) for user in evidence.users)
    acknowledged = tuple(
        structs.replace(edit, acknowledged=edit.acknowledged or edit.due) for edit in evidence.authored
    )
    joiner = Snapshot(vector, update)
    return replace(evidence, replicas=(replica,), users=calm, joiner=joiner, authored=acknowledged)


def everything_sent(evidence: DocumentEvidence) -> list[bytes]:
    return [
        evidence.initial.update,
        *(edit.update for edit in evidence.authored),
        *(one.update for one in evidence.foreign),
        evidence.joiner.update,
    ]


def without(evidence: DocumentEvidence, number: int) -> list[bytes]:
    """All that was ever sent but this edit, in whatever it was sent along with."""
    left_out = decode_update(evidence.authored[number].update).clock_ranges()
    kept = [edit.update for index, edit in enumerate(evidence.authored) if index != number]
    others = [
        one.update for one in evidence.foreign if not decode_update(one.update).clock_ranges().intersection(left_out)
    ]
    return [evidence.initial.update, *kept, *others]


@few
@given(seeds, st.randoms(use_true_random=False))
def test_any_order_of_the_authored_updates_gives_the_same_oracle(seed, dice):
    evidence = healthy(seed)
    authored = list(evidence.authored)
    dice.shuffle(authored)
    one, other = (build_oracle(Reading.of(replace(evidence, authored=tuple(a)))) for a in (evidence.authored, authored))
    assert same(one.content, other.content) and one.live == other.live and not one.missing and not other.missing


@settings(few, max_examples=120)
@given(seeds, st.data())
def test_an_edit_that_is_missing_everywhere_is_found_wherever_it_changes_anything(seed, data):
    evidence = healthy(seed)
    number = data.draw(st.integers(0, len(evidence.authored) - 1))
    sick = with_all_agreeing_on(evidence, without(evidence, number))
    changed = not same(content_of(sick.joiner.update, sick.kind), content_of(evidence.joiner.update, evidence.kind))
    verdict = judged(sick)
    found = {finding.kind for finding in verdict.opinion.findings}
    assert (Kind.LOST_EDIT in found) == changed, report(verdict)
    assert changed or verdict.value is Value.PASS, report(verdict)


@few
@given(seeds)
def test_updates_that_were_applied_twice_change_nothing(seed):
    evidence = healthy(seed)
    twice = with_all_agreeing_on(evidence, everything_sent(evidence) * 2)
    assert judged(twice).value is Value.PASS, report(judged(twice))
    doubled = replace(twice, foreign=evidence.foreign * 2)
    assert judged(doubled).value is Value.PASS, report(judged(doubled))


@few
@given(seeds, st.integers(0, 10_000), st.sampled_from(["x", " ", "\n", "é", "😀", "words that nobody wrote"]))
def test_words_that_nobody_wrote_are_found_wherever_they_stand(seed, place, words):
    evidence = healthy(seed)
    doc = document_of([merge_updates(everything_sent(evidence))])
    stranger = type(doc)(client_id=77)
    stranger.apply_update(doc.get_update())
    cell = place % max(1, len(cells_of(stranger))) if evidence.kind == "notebook" else 0
    text = text_of(stranger, cell, evidence.kind)
    characters = len(str(text))
    text.insert(len(str(text)[: place % (characters + 1)].encode()), words)
    sick = with_all_agreeing_on(evidence, [stranger.get_update()])
    found = {finding.kind for finding in judged(sick).opinion.findings}
    assert found in ({Kind.INVENTED_EDIT}, {Kind.DUPLICATED_CONTENT}), report(judged(sick))


@few
@given(seeds, st.integers(0, 10_000))
def test_text_that_nobody_deleted_is_missed_wherever_it_stood(seed, place):
    evidence = healthy(seed)
    doc = document_of(everything_sent(evidence))
    texts = [
        text_of(doc, cell, evidence.kind) for cell in range(len(cells_of(doc)) if evidence.kind == "notebook" else 1)
    ]
    texts = [text for text in texts if str(text)]
    if not texts:
        return
    text = texts[place % len(texts)]
    start = place % len(str(text))
    begin, end = (len(str(text)[:index].encode()) for index in (start, start + 1))
    del text[begin:end]
    sick = with_all_agreeing_on(evidence, [doc.get_update()])
    assert {finding.kind for finding in judged(sick).opinion.findings} == {Kind.LOST_EDIT}, report(judged(sick))
