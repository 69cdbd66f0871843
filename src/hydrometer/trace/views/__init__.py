"""Independent views of one question: is this model's text close to that teacher's?

Each view gives a matrix of scores, models by candidates, larger for closer,
and one row for a suspect. None of them is a test by itself: a score becomes
evidence only beside the scores of models tuned without the candidate's text
(`hydrometer.trace.calibrate`).
"""

from hydrometer.trace.views.contrast import ContrastView
from hydrometer.trace.views.markers import (
    Counted,
    MarkerView,
    openings_view,
    templates_view,
)
from hydrometer.trace.views.overlap import OverlapView
from hydrometer.trace.views.profile import profile_scores
from hydrometer.trace.views.rare import RareView

__all__ = [
    "ContrastView",
    "Counted",
    "MarkerView",
    "OverlapView",
    "RareView",
    "openings_view",
    "profile_scores",
    "templates_view",
]
