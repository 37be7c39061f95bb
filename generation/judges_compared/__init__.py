"""How far judges agree: with people, with each other, with themselves in another order.

`record` reads what was said into arrays, `report` reckons all figures from them, `stored` keeps
them for the page. The formulas are functions of counts that add up over dialogues, so that an
interval takes thousands of resamples in one product of matrices: libraries that start from single
scores (scikit-learn, krippendorff) are a thousand times slower at it; tests hold ours to theirs.
"""
