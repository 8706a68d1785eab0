"""What does the OpenAPI document of this installation say?

>>> document("http://x")["openapi"]
'3.1.0'

References:
    OpenAPI 3.1, section 4.8
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from guantong import __version__
from guantong.caller import Scope
from guantong.trace.model import Direction

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
SIZE: Final = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
QUERY: Final[Mapping[str, tuple[Mapping[str, object], str, str]]] = {
    "q": ({"type": "string", "minLength": 1, "maxLength": 8_000}, "要查的文字", "the text"),
    "as_of": (SIZE, "按账本的这个大小回答", "answer for this ledger size"),
    "at_least": (SIZE, "等索引到这个大小", "wait until the index has so many entries"),
    "lang": ({"enum": ["zh", "en"]}, "页面的语言", "language of a page"),
    "direction": ({"enum": [str(one) for one in Direction]}, "方向", "which way"),
    "batch": ({"type": "string", "maxLength": 100}, "批次", "batch of a product"),
    "name": ({"type": "string", "maxLength": 100}, "文件名", "name of the file"),
    "error_behaviour": ({"enum": ["proceed", "rollback"]}, "有错时", "what to do with faults"),
}
"""Query parameters: schema, and meaning in Chinese and English."""
REFUSED: Final = {
    400: "the question or document is wrong",
    401: "no key, or none in use",
    403: "not for this key",
    404: "no such address",
    408: "the sender fell silent",
    413: "too large",
    414: "too long for a code",
    415: "a content coding",
    429: "too many under way; Retry-After",
    503: "busy, behind or stopping; Retry-After",
}
_WORDS: Final = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "map": {"type": "object"},
    "object": {"type": "object"},
    "any": {},
}

Schema = dict[str, Any]


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One question or submission; see operations.toml."""

    path: str
    method: str
    id: str
    zh: str
    en: str
    query: tuple[str, ...] = ()
    """Names of parameters; one with ``!`` must be there."""
    json: bool = False
    """Whether JSON has to be asked for: there is a page at the same address."""
    answer: str
    scope: str = ""
    """What a key must be good for, "" where none is needed."""
    body: tuple[str, ...] = ()
    created: bool = False
    receipt: str = ""
    """Shape of the answer of an installation that stores submissions first, "" where none does."""
    refusals: tuple[int, ...] = ()
    example: Mapping[str, Any] = {}


@cache
def operations() -> tuple[Operation, ...]:
    """All of them."""
    return msgspec.convert(_data("operations")["operation"], tuple[Operation, ...])


@cache
def shapes() -> Mapping[str, Mapping[str, str]]:
    """What answers hold: shape -> path of the member -> type."""
    return _data("shapes")


def _data(name: str) -> Mapping[str, Any]:
    text = files("guantong.serve.api").joinpath(f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def document(root: str) -> Schema:
    """The OpenAPI document.

    Args:
        root: Where this installation is.

    Returns:
        A JSON value.
    """
    paths: dict[str, Schema] = {}
    for one in operations():
        paths.setdefault(one.path, {})[one.method] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guantong",
            "version": __version__,
            "description": "Scan, trace, submit, code. The EPCIS 2.0 binding is below /epcis.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": root}],
        "paths": paths,
        "components": {
            "schemas": {name: schema_of(name) for name in shapes()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _operation(one: Operation) -> Schema:
    made: Schema = {
        "operationId": one.id,
        "summary": one.en,
        "description": one.zh,
        "parameters": [*_in_path(one), *_in_query(one)],
        "responses": _responses(one),
        "security": [{"bearer": []}, {"key": []}] if one.scope else [{}, {"bearer": []}],
    }
    if one.scope:
        made["x-scope"] = Scope(one.scope).value
    if one.body:
        example = {"example": one.example["body"]}
        schema: Schema = {"type": "object"}
        content = {
            media: {"schema": schema, **example}
            if media == JSON
            else {"schema": {"type": "string"}}
            for media in one.body
        }
        made["requestBody"] = {"required": True, "content": content}
    return made


def _in_path(one: Operation) -> Iterator[Schema]:
    for name in re.findall(r"{(\w+)}", one.path):
        pattern = "^[0-9]+-[0-9a-f]+$" if name == "receipt" else "^[0-9A-Za-z]+$"
        schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": pattern}
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schema,
            "example": one.example[name],
        }


def _in_query(one: Operation) -> Iterator[Schema]:
    for given in one.query:
        name = given.rstrip("!")
        schema, zh, en = QUERY[name]
        told: Schema = {"name": name, "in": "query", "required": given != name}
        told |= {"schema": dict(schema), "description": f"{en} · {zh}"}
        yield told | ({"example": one.example[name]} if name in one.example else {})
    if one.json:
        schema = {"const": "json", "default": "json"}
        yield {"name": "format", "in": "query", "required": True, "schema": schema}


def _responses(one: Operation) -> Schema:
    content: Schema = {JSON: {"schema": {"$ref": f"#/components/schemas/{one.answer}"}}}
    page: Schema = {"text/html": {"schema": {"type": "string"}}} if one.json else {}
    content |= page
    told: Schema = {"200": {"description": "the answer", "content": content}}
    if one.created:
        told["200"] = {"description": "it was here before", "content": content}
        told["201"] = {"description": "in the ledger and on the disk", "content": content}
    if one.receipt:
        shape = {JSON: {"schema": {"$ref": f"#/components/schemas/{one.receipt}"}}}
        told["202"] = {
            "description": "stored for the writer; ask for its outcome",
            "content": shape,
        }
    refused = {PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}, **page}
    for status in one.refusals:
        told[str(status)] = {"description": REFUSED[status], "content": refused}
    return told


def schema_of(name: str) -> Schema:
    """The JSON schema of a shape."""
    top: Schema = {"type": "object", "properties": {}, "required": []}
    for path, types in shapes()[name].items():
        _put(top, path.split("."), types)
    return top


def _put(inside: Schema, path: list[str], types: str) -> None:
    """Put a member into the schema of an object, at any depth."""
    name, lists = path[0].rstrip("[]"), path[0].count("[]")
    held = inside["properties"].setdefault(name, {})
    if len(path) == 1 and lists == 0:
        held |= _typed(types) | held
        if not types.endswith("?"):
            inside["required"].append(name)
        return
    if lists:
        held.setdefault("type", "array")
        held = held.setdefault("items", {})
    if len(path) == 1:
        held |= _typed(types)
        return
    held.setdefault("type", "object")
    held.setdefault("properties", {})
    held.setdefault("required", [])
    _put(held, path[1:], types)


def _typed(types: str) -> Schema:
    words = types.rstrip("?").split(" or ")
    if len(words) == 1:
        return dict(_WORDS[words[0]])
    kinds = ["null" if word == "null" else _WORDS[word]["type"] for word in words]
    return {"type": kinds}
