"""Reads pictures of pages: scans and photos. Needs the extra ``ocr``.

paper (even, upright) → rules → lattice → ink → cells, each empty, a figure (digits) or words → items.
"""

from __future__ import annotations

import os

# before numpy and onnxruntime are imported: a reading child may not start threads
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
