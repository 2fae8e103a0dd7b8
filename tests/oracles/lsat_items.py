"""Published two-parameter logistic parameters of LSAT sections 6 and 7 (1,000 people, 5 items).

Section 6: output of R ``ltm(LSAT ~ z1)`` (package ltm, Rizopoulos 2006, J. Stat. Software 17(5)),
as printed by ``summary``, ``coef`` and ``factor.scores``. Section 7: R ``mirt``, slopes.
"""

from __future__ import annotations

LSAT6_SLOPE = (0.8254, 0.7229, 0.8905, 0.6886, 0.6575)
LSAT6_SLOPE_SE = (0.2581, 0.1867, 0.2326, 0.1852, 0.2100)
LSAT6_DIFFICULTY = (-3.3597, -1.3696, -0.2799, -1.8659, -3.1236)
LSAT6_DIFFICULTY_SE = (0.8669, 0.3073, 0.0997, 0.4341, 0.8700)
LSAT6_LOG_LIKELIHOOD = -2466.653
LSAT6_SCORES = {  # pattern of answers: ability and its error
    (0, 0, 0, 0, 0): (-1.895, 0.795),
    (0, 1, 1, 1, 1): (0.023, 0.828),
    (1, 0, 1, 1, 0): (-0.352, 0.815),
    (1, 1, 1, 1, 1): (0.606, 0.855),
}
LSAT7_SLOPE = (0.988, 1.081, 1.706, 0.765, 0.736)
LSAT7_INTERCEPT = (1.856, 0.808, 1.804, 0.486, 1.855)
