"""How far judges may be trusted, and what each human decision is worth.

What is estimated: the share of dialogues whose top candidate by panel score people would accept
unedited. `waves` draws dialogues by known probabilities, `reading` finds what people said of them,
`prediction` estimates the share from people and judges together, `certifying` tests from which
score rewrites may be approved without a person, `certificates` applies that, `report` has all
figures, and `planning` says what further decisions would bring.
"""
