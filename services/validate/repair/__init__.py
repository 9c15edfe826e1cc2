"""Which cell is wrong: the smallest change of figures under which the form's relations hold. Pure functions."""

from services.validate.repair.single import Change, single_cell_repairs

__all__ = ["Change", "single_cell_repairs"]
