"""Is a result what the shipped schema says? Strictly: with nothing in it that the schema does not know."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = json.loads(
    resources.files("jupyter_rtc_locust.reporting").joinpath("result.schema.json").read_text("utf-8")
)


def closed(schema: Any) -> Any:
    """The schema, of which no object may have a field that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: one if name == "allOf" else closed(one) for name, one in schema.items()}
    # A field can be called "type" or "properties", but only below "properties" or "$defs", where nothing is closed.
    if isinstance(inner.get("properties"), dict) and "additionalProperties" not in inner and "type" in inner:
        inner["additionalProperties"] = False
    return inner


_STRICT = Draft202012Validator(closed(SCHEMA), format_checker=Draft202012Validator.FORMAT_CHECKER)
LENIENT = Draft202012Validator(SCHEMA)


def problems_of(result: Any) -> list[str]:
    """What in a result is not as the schema says; nothing if all is."""
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in _STRICT.iter_errors(result)]
