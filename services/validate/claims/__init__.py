"""What the prose of a report states in figures, as data: pure functions from text to `Stated`.

Prose is read clause by clause and never across 。or ；. A phrase counts only where it is written out in full, so that
what is left over is silence and not a wrong suspicion.
"""

from services.validate.claims.extract import MOST_STATED, extract
from services.validate.claims.parts import Parts, parts_of
from services.validate.claims.stated import Stated

__all__ = ["MOST_STATED", "Parts", "Stated", "extract", "parts_of"]
