"""How far judges may be trusted, and what each human decision is worth.

What is estimated: the share of dialogues whose top candidate by panel score people would accept
unedited. `waves` draws dialogues by known probabilities; `from_waves` and `from_blind` read what
people said of them into a `record`; `prediction` estimates the share from people and judges
together; `certifying` tests from which score rewrites may be approved without a person,
`certificates` applies that; `reckoning` has all figures (`report`), `stored` says whether they are
reckoned now or by a worker; and `planning` says what further decisions would bring.
"""
