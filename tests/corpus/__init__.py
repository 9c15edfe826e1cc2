"""Documents of every kind that agencies send, made from a seed with the exact truth, and the scorer that reads them.

A document is a report (`authoring`: invented figures, the styles of `figure_styles`, the labels of `wordings`) printed by
a layout (the modules ``layouts_*``, each a small function registered with its class in `registry`). `scoring` compares
what was read cell by cell, `provenance` looks up every place anew, `bounds` says what each class must reach, and
``python -m tests.corpus`` (``make accuracy``) runs it all on a fresh seed.

A new layout is a function under ``@layout(class)`` in the module of its theme that takes an `Order` and gives the bytes,
or a `Job` for Chromium or LibreOffice, or `Shown` when the document's own text is absent or wrong.
"""
