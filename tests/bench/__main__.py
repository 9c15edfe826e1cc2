"""`make bench`: reading and pipeline, or the named ones (``repair`` and ``rejudge`` too); ``--long`` watches memory over 10,000 documents instead of 300."""

import sys

from tests.bench import pipeline, reading, rejudge, repair

asked = {name for name in sys.argv[1:] if not name.startswith("-")} or {"reading", "pipeline"}
if "reading" in asked:
    reading.run(long="--long" in sys.argv)
if "pipeline" in asked:
    pipeline.run()
if "repair" in asked:
    repair.run()
if "rejudge" in asked:
    rejudge.run(next((int(name) for name in asked if name.isdigit()), rejudge.REPORTS))
