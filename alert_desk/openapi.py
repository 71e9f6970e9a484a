"""The OpenAPI 3.1 document of the interface, made from the schema."""

from __future__ import annotations

from typing import Any

from alert_desk import schema
from alert_desk.model import VERSION

_PREFIX = "#/components/schemas/"
_SHAPES = (schema.ALERT, schema.RECEIPT, schema.PROBLEM)


def document(example_alert: object, example_receipt: object, example_problem: object) -> dict[str, Any]:
    """The whole document, with these examples (as JSON values)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jalerte open alert interface",
            "version": f"{VERSION}.0.0",
            "summary": "Associations, municipalities and employers collect alerts about internet lines",
            "description": "How to receive, check and answer an alert stands in README.md beside this file.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [
            {"url": "https://desk.example", "description": "The receiver's own address, always HTTPS."}
        ],
        "security": [],
        "paths": {
            "/v1/alerts": {"post": _post(example_alert, example_receipt, example_problem)},
            "/v1/receipts/{idempotency_key}": {"get": _get(example_receipt)},
        },
        "components": {
            "schemas": {
                record.name: record.definition(_PREFIX) for shape in _SHAPES for record in shape.records()
            }
        },
    }


def _post(alert: object, receipt: object, problem: object) -> dict[str, Any]:
    return {
        "operationId": "fileAlert",
        "summary": "File an alert",
        "description": "May be repeated with the same key and the same body as often as needed: it is kept once.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "Names this filing. Chosen by the sender, at random, new for each filing.",
                "schema": {"type": "string", "pattern": f"^{schema.IDEMPOTENCY_KEY}$"},
            }
        ],
        "requestBody": {
            "required": True,
            "description": f"The alert, UTF-8, {schema.LARGEST_ALERT_BYTES} bytes at most.",
            "content": _json("Alert", alert),
        },
        "responses": {
            "201": {"description": "Kept now.", "content": _json("Receipt", receipt)},
            "200": {
                "description": "Kept before: the same key and the same body. The same receipt as then.",
                "content": _json("Receipt", receipt),
            },
            "400": _refusal("The key is missing or not of its form, or the request is no HTTP as agreed."),
            "409": _refusal("This key was used for another body. Nothing changes."),
            "411": _refusal("Content-Length is missing."),
            "413": _refusal(f"The body has more than {schema.LARGEST_ALERT_BYTES} bytes."),
            "415": _refusal("The content is not application/json, or is compressed."),
            "422": _refusal("The body is not as the schema says, or its signature does not hold.", problem),
            "429": _later("Too many requests for now."),
            "503": _later("Not now."),
        },
    }


def _get(receipt: object) -> dict[str, Any]:
    return {
        "operationId": "getReceipt",
        "summary": "Ask for a receipt again (optional for receivers)",
        "description": "Who knows the key may have the receipt: it holds no personal data.",
        "parameters": [
            {
                "name": "idempotency_key",
                "in": "path",
                "required": True,
                "description": "The filing's Idempotency-Key.",
                "schema": {"type": "string", "pattern": f"^{schema.IDEMPOTENCY_KEY}$"},
            }
        ],
        "responses": {
            "200": {"description": "The receipt.", "content": _json("Receipt", receipt)},
            "404": _refusal("Nothing was kept under this key."),
        },
    }


def _json(name: str, example: object) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"{_PREFIX}{name}"}, "example": example}}


def _refusal(words: str, example: object = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"{_PREFIX}Problem"}}
    if example is not None:
        content["example"] = example
    return {"description": words, "content": {"application/problem+json": content}}


def _later(words: str) -> dict[str, Any]:
    waiting = {
        "description": "Seconds to wait, or an HTTP date (RFC 9110 section 10.2.3).",
        "schema": {"type": "string"},
    }
    return {**_refusal(words), "headers": {"Retry-After": waiting}}
