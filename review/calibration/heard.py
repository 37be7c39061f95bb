"""Which judges are heard on a candidate, over very many at once: the rule of
`review.models.candidates.heard` as the database is asked it."""


def heard_on(candidates: str, *, by: str = "", further: str = "NULL") -> str:
    """Tables of a WITH clause, of which `heard` has a row for each judge that is heard on one of
    the `candidates`, an array in SQL: the last prompt of each judge, and one of the family that
    wrote the candidate only while nobody else has scored it. `scored`: it gave a score.

    `by` are columns that go with a judge's prompt, `further` what is reckoned of its judgements.
    """
    return _HEARD.format(candidates=candidates, by=by, further=further)


_HEARD = """
said AS (
    SELECT candidate_id, judge, prompt_hash{by}, max(id) AS last, bool_or(self_judged) AS own,
           bool_or(score IS NOT NULL) AS scored, {further} AS further
    FROM review_judgement
    WHERE candidate_id = ANY({candidates})
    GROUP BY candidate_id, judge, prompt_hash{by}
), told AS (
    SELECT DISTINCT ON (candidate_id, judge) * FROM said ORDER BY candidate_id, judge, last DESC
), compared AS (
    SELECT *, bool_or(scored AND NOT own) OVER (PARTITION BY candidate_id) AS others FROM told
), heard AS (
    SELECT * FROM compared WHERE NOT (own AND others)
)"""
