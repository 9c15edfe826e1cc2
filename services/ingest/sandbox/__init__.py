"""Reads hostile documents in a confined child process.

A worker starts one clean process (the zygote) that has the reader imported and knows no secret; the zygote forks one
child a document. The child gives up network, programs, processes, files and most system calls before it sees the
document, and answers with one JSON object on a pipe, which is checked against a strict schema.
"""

from services.ingest.sandbox.launch import ReaderDefectError
from services.ingest.sandbox.room import ReadingRoom

__all__ = ["ReaderDefectError", "ReadingRoom"]
