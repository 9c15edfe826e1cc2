"""`make bench`."""

from tests.bench import pipeline, reading

reading.run()
pipeline.run()
