"""How far judges agree: with people, with each other, with themselves in another order.

`record` reads what was said into arrays, `report` reckons all figures from them, `stored` keeps
them for the page. Formulas and intervals are those of `review.agreement`, where people are
compared.
"""
