"""The rule book, one module per family; ``sheet``, ``relations``, ``wording`` and ``example`` are what rules share.

A rule is a generator ``rule_<id>`` under ``@rule``: it yields discrepancies and never logs, stores or raises. Every
module in this package is imported by ``services.validate.registry.rules``; nothing has to be listed by hand.
"""
