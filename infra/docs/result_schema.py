"""docs/result.schema.json: the published shape of a result, from the models and the form."""

from __future__ import annotations

import json
from typing import Any, Final

from services.core.form import LAYOUTS, form
from services.core.report import Document

ADDRESS: Final = "https://gouji.example/result.schema.json"
"""Names the schema; nothing needs to be found there."""

_NOT_PUBLISHED: Final = (("Report", "reading"), ("SectionFound", "text"))
"""What `Document.published()` leaves out, beside the document's `needs`."""


_AT_TIMES: Final = {"option"}
"""Keys that are only there where they say something."""


def text() -> str:
    """The schema as indented JSON."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of `Document.published()`: every key but `option` is always there, and no others are."""
    made = Document.model_json_schema(mode="serialization")
    parts: dict[str, Any] = made["$defs"]
    for model, field in _NOT_PUBLISHED:
        del parts[model]["properties"][field]
    del parts["Reading"], made["properties"]["needs"]
    _known_keys(parts)
    for model in (made, *parts.values()):
        if model.get("type") == "object" and "properties" in model:
            model["required"] = [key for key in model["properties"] if key not in _AT_TIMES]
    cleaned = _without_defaults(made)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ADDRESS, **cleaned}


def _known_keys(parts: dict[str, Any]) -> None:
    """Name the rows and columns of the form, of all layouts together."""
    forms = [form(layout) for layout in LAYOUTS]
    report = parts["Report"]["properties"]
    rows = parts["Table3"]["properties"]["rows"]
    rows["propertyNames"] = {"enum": _each(key for shape in forms for key in shape.row_keys)}
    for choice in rows["additionalProperties"]["anyOf"]:
        if choice.get("type") == "array":
            choice |= {"minItems": len(forms[0].column_keys), "maxItems": len(forms[0].column_keys)}
    table2, table4 = (_object_of(report[name]) for name in ("table2", "table4"))
    table2["propertyNames"] = {"enum": _each(row.key for shape in forms for row in shape.table2_rows)}
    table4["propertyNames"] = {"enum": _each(block.key for shape in forms for block in shape.table4_blocks)}
    table4["additionalProperties"]["propertyNames"] = {
        "enum": _each(column.key for shape in forms for column in shape.table4_columns)
    }


def _object_of(field: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(choice for choice in field["anyOf"] if choice.get("type") == "object")
    return found


def _each(keys: Any) -> list[str]:
    return list(dict.fromkeys(keys))


def _without_defaults(node: Any) -> Any:
    """Without `default` (nothing is ever left out) and without `title` (the keys say it)."""
    if isinstance(node, list):
        return [_without_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "properties":
            kept[key] = {name: _without_defaults(part) for name, part in value.items()}
        elif key not in {"default", "title"}:
            kept[key] = _without_defaults(value)
    return kept
