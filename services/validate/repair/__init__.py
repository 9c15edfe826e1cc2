"""Which cells are wrong: the smallest changes of figures under which the form's relations hold. Pure functions."""

from services.validate.repair.offers import Change, Offer, offers

__all__ = ["Change", "Offer", "offers"]
