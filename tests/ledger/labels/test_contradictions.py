"""Contradictions are found, reported and resolved as the rule says; corrections are none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explora.core import ArgumentError, build, spec
from explora.ledger.labels import Answer, AskAgain, Latest, Majority, Median, MostTrusted, resolve

ANN, BEN, CAT = "ann", "ben", "cat"


def test_agreement_is_no_contradiction():
    found = resolve([Answer("x", "dog", ANN), Answer("x", "dog", BEN)], AskAgain())
    assert found == ({"x": "dog"}, (), (), ())


def test_two_answers_to_one_input_are_reported_with_who_and_when():
    answers = [Answer("x", "dog", ANN, 1.0), Answer("y", "cow", ANN, 2.0), Answer("x", "cat", BEN, 3.0)]
    found = resolve(answers, Latest())
    assert found.labels == {"x": "cat", "y": "cow"}
    (one,) = found.contradictions
    assert one.items == ("x", "x")
    assert one.answers == ("dog", "cat")
    assert one.who == (ANN, BEN)
    assert one.when == (1.0, 3.0)
    assert one.label == "cat"
    assert one.sentence() == (
        "x was answered in different ways (ann: 'dog', ben: 'cat'); taken as 'cat' by the rule: the latest answer"
    )


def test_a_correction_supersedes_and_stays_in_the_history():
    answers = [Answer("x", "dog", ANN, 1.0), Answer("x", "cat", BEN, 2.0), Answer("x", "cat", ANN, 3.0)]
    found = resolve(answers, AskAgain())
    assert found.labels == {"x": "cat"}
    assert found.contradictions == ()
    assert found.superseded == (answers[0],)


def test_the_place_in_the_list_decides_what_came_later_not_the_clock():
    jumped = [Answer("x", "dog", ANN, 100.0), Answer("x", "cat", ANN, 5.0)]
    assert resolve(jumped, AskAgain()).labels == {"x": "cat"}
    two = [Answer("x", "dog", ANN, 100.0), Answer("x", "cat", BEN, 5.0)]
    assert resolve(two, Latest()).labels == {"x": "cat"}


def test_an_answer_can_be_taken_back():
    answers = [Answer("x", "dog", ANN), Answer("x", "cat", BEN), Answer("x", None, ANN)]
    found = resolve(answers, AskAgain())
    assert found.labels == {"x": "cat"}
    assert found.superseded == (answers[0],)
    alone = resolve([Answer("x", "dog", ANN), Answer("x", None, ANN)], Latest())
    assert alone.labels == {}
    assert alone.open == ("x",)
    assert alone.contradictions == ()


def test_near_duplicates_are_one_input_also_for_one_annotator():
    same = {"x1": 0, "x2": 0, "x3": 0, "z": 1}
    answers = [Answer("x1", "dog", ANN), Answer("y", "cow", ANN), Answer("x2", "cat", ANN)]
    found = resolve(answers, Latest(), same=same)
    assert found.labels == {"x1": "cat", "x2": "cat", "x3": "cat", "y": "cow"}  # x3 was never asked, and need not be
    (one,) = found.contradictions
    assert one.items == ("x1", "x2")
    assert one.who == (ANN, ANN)
    assert found.superseded == ()  # another item: no correction
    assert resolve(answers, AskAgain(), same=same).open == ("x1", "x2")


def test_majority_ties_stay_open_and_one_voter_counts_once():
    base = [Answer("x", "a", ANN), Answer("x", "b", BEN)]
    assert resolve(base, Majority()).labels == {}
    assert resolve(base, Majority()).open == ("x",)
    assert "to be asked again" in resolve(base, Majority()).contradictions[0].sentence()
    more = [*base, Answer("x", "b", CAT)]
    assert resolve(more, Majority()).labels == {"x": "b"}
    assert resolve(more, Majority(share=0.7)).labels == {}
    # Ann says "a" to both copies: still one voice against two
    copies = [Answer("x", "a", ANN), Answer("y", "a", ANN), Answer("x", "b", BEN), Answer("x", "b", CAT)]
    assert resolve(copies, Majority(), same={"x": 0, "y": 0}).labels == {"x": "b", "y": "b"}


def test_one_skilled_annotator_may_outweigh_two_poor_ones():
    answers = [Answer("x", "a", ANN), Answer("x", "b", BEN), Answer("x", "b", CAT)]
    # log-odds: .95 is worth 2.94, .7 twice is 1.69
    trust = MostTrusted({ANN: 0.95, BEN: 0.7, CAT: 0.7})
    assert resolve(answers, trust).labels == {"x": "a"}
    assert resolve(answers, MostTrusted({ANN: 0.8, BEN: 0.7, CAT: 0.7})).labels == {"x": "b"}
    # nobody known: three with no say are a tie
    assert resolve(answers, MostTrusted()).labels == {}
    # worse than chance is no say, not a vote for the opposite
    assert resolve(answers[:2], MostTrusted({ANN: 0.1, BEN: 0.6})).labels == {"x": "b"}
    with pytest.raises(ArgumentError, match="skill of ann"):
        MostTrusted({ANN: 1.2})


def test_chance_depends_on_the_number_of_classes():
    answers = [Answer("x", "a", ANN), Answer("x", "b", BEN)]
    skills = {ANN: 0.4, BEN: 0.1}
    assert resolve(answers, MostTrusted(skills, classes=2)).labels == {}
    assert resolve(answers, MostTrusted(skills, classes=10)).labels == {"x": "a"}


def test_numbers_within_the_tolerance_do_not_contradict_and_are_not_averaged():
    answers = [Answer("x", 3.0, ANN), Answer("x", 3.2, BEN), Answer("x", 3.1, CAT)]
    close = resolve(answers, Median(), tolerance=0.5)
    assert close.labels == {"x": 3.1}
    assert close.contradictions == ()
    far = resolve(answers, Median(), tolerance=0.1)
    assert far.labels == {"x": 3.1}
    assert len(far.contradictions) == 1
    assert resolve(answers[:2], Median()).labels == {"x": 3.0}


def test_labels_may_be_numbers_of_numpy_and_tuples_but_not_lists():
    answers = [Answer("x", np.int64(3), ANN), Answer("x", np.float32(3.5), BEN)]
    assert resolve(answers, Median(), tolerance=1.0).contradictions == ()
    several = [Answer("x", ("cat", "dog"), ANN), Answer("x", ("cat",), BEN), Answer("x", ("cat",), CAT)]
    assert resolve(several, Majority()).labels == {"x": ("cat",)}
    with pytest.raises(ArgumentError, match="make it a tuple"):
        resolve([Answer("x", ["cat"], ANN)], Majority())


def test_words_have_no_median():
    with pytest.raises(ArgumentError, match="use Majority"):
        resolve([Answer("x", "a", ANN), Answer("x", "b", BEN)], Median())


def test_no_answer_is_invented_and_no_contradiction_lost_under_ask_again():
    answers = [Answer("x", 0, ANN), Answer("x", 1, BEN), Answer("y", 1, BEN)]
    found = resolve(answers, AskAgain())
    assert found.labels == {"y": 1}
    assert found.open == ("x",)
    assert found.contradictions[0].label is None


def test_nan_is_no_answer():
    with pytest.raises(ArgumentError, match=r"answers\[1\]"):
        resolve([Answer("x", 1.0), Answer("y", float("nan"))], Latest())


def test_rules_are_configurations_and_say_what_they_do():
    for rule in (Majority(share=0.5), Latest(), MostTrusted({ANN: 0.9}), Median(), AskAgain()):
        assert build(spec(rule)) == rule
        assert len(rule.sentence()) > 5
    with pytest.raises(ArgumentError, match="share"):
        Majority(share=2.0)


answer = st.builds(
    Answer, st.sampled_from(["x", "y", "z"]), st.sampled_from([None, 0, 1, 2]), st.sampled_from([ANN, BEN, CAT])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(answer, max_size=12), st.sampled_from([Majority(), Latest(), MostTrusted({ANN: 0.9}), AskAgain()]))
def test_every_answered_item_is_labelled_or_open_and_labels_were_given(answers, rule):
    found = resolve(answers, rule)
    assert sorted([*found.labels, *found.open]) == sorted({x.item for x in answers})
    for item, label in found.labels.items():
        assert label in [x.label for x in answers if x.item == item]
    current = {(x.item, x.who): x.label for x in answers}
    for item in "xyz":
        said = {label for (which, _), label in current.items() if which == item and label is not None}
        assert (len(said) > 1) == any(item in one.items for one in found.contradictions)
    # appending what was said already changes no label
    if answers and not isinstance(rule, Latest):
        again = resolve([*answers, *answers[-1:]], rule)
        assert again.labels == found.labels
