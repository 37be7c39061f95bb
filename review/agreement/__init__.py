"""How far reviewers agree: with each other, with what came of it, and from arm to arm.

`reading` brings what was decided into arrays, `reviewers` and `arms` reckon figures from them,
`report` has them all, `stored` says whether they are reckoned now or by a worker, and `behind`
finds the dialogues behind each number.

The formulas are our own: functions of counts that add up over dialogues, so that an interval takes
thousands of resamples in one product of matrices. Looked at instead: scikit-learn (kappa alone,
45 MB and scipy's 36), statsmodels (kappa with an asymptotic interval, brings pandas), krippendorff
(alpha alone, GPL), NLTK (no interval, seconds for what takes a millisecond here). None knows that
decisions on one dialogue hang together. Tests hold ours to scikit-learn, krippendorff and scipy.
"""
