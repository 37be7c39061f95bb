"""How far judges may be trusted, and what each human decision is worth.

What is estimated: the share of dialogues whose top candidate by panel score people would accept
unedited. `sampling` draws dialogues by known probabilities, in waves; `estimating` tells the share
from what people said of them and from the judges' scores together, and has all figures of the
report; `certifying` tests from which score on rewrites may be approved without a person, and
applies that; `planning` says what further decisions would bring; `told` and `released` say in a
release what came of it.

They share the `conditions` under which figures hold, the `slices` they are told by, the `draws`
that estimates are made from, and the shapes of the `report`.
"""
