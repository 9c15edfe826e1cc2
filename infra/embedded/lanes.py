"""Which slower lanes of reading this machine can run: what is installed decides, unless the settings say otherwise."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

from services.platform.settings import Settings


def lanes(settings: Settings) -> dict[str, bool]:
    """The settings `ocr_lane` and `office_lane`: as given, else whether the program that the lane needs is here."""
    here = {
        "ocr_lane": find_spec("onnxruntime") is not None and find_spec("cv2") is not None,
        "office_lane": shutil.which("soffice") is not None,
    }
    given = settings.model_fields_set
    return {name: getattr(settings, name) if name in given else found for name, found in here.items()}
