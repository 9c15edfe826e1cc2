"""`make bench`: both parts, or the named ones; ``--long`` watches memory over 10,000 documents instead of 300."""

import sys

from tests.bench import pipeline, reading

asked = {name for name in sys.argv[1:] if not name.startswith("-")} or {"reading", "pipeline"}
if "reading" in asked:
    reading.run(long="--long" in sys.argv)
if "pipeline" in asked:
    pipeline.run()
