"""The OpenAPI document as pages to read: operations with their fields, replies and refusals. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chat33.api.markdown import METHODS, bodies_of, followed, operation_page, resolved, type_words

Schema = Mapping[str, Any]
Document = Mapping[str, Any]

_DEEPEST = 6  # objects inside objects that are told in place


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter, a header, or a property of a body, with those inside it."""

    name: str
    type: str
    required: bool = False
    description: str = ""
    limits: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: str = ""
    fields: tuple["Field", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Example:
    """A body as it may be sent or answered."""

    name: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is sent, in one media type."""

    media_type: str
    fields: tuple[Field, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered when all is well."""

    status: str
    says: str
    fields: tuple[Field, ...]
    headers: tuple[Field, ...]
    example: Example | None
    is_json: bool


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is answered when it is not: the error codes of a status, and their messages."""

    status: str
    codes: tuple[str, ...]
    says: str
    messages: tuple[str, ...]
    is_own: bool  # peculiar to the operation


@dataclass(frozen=True, kw_only=True)
class Page:
    """One operation, or the webhook we send."""

    slug: str
    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...]
    is_keyed: bool  # opens with an API key; else with a session alone
    is_webhook: bool
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]
    reply: Reply | None
    refusals: tuple[Refusal, ...]
    text: str  # the whole of it as Markdown

    @cached_property
    def words(self) -> str:
        """What a search looks through, in lower case."""
        named = " ".join(field.name for body in self.bodies for field in body.fields)
        return f"{self.summary} {self.id} {self.method} {self.path} {self.tag} {named} {self.description}".lower()


@dataclass(frozen=True, kw_only=True)
class Section:
    """The pages of a tag."""

    name: str
    description: str
    pages: tuple[Page, ...]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """All of it."""

    title: str
    base_url: str
    summary: str
    introduction: str
    sections: tuple[Section, ...]

    @property
    def pages(self) -> tuple[Page, ...]:
        """In the order of the sections."""
        return tuple(page for section in self.sections for page in section.pages)

    def page(self, slug: str) -> Page | None:
        """The page of that address, if there is one."""
        return next((page for page in self.pages if page.slug == slug), None)

    def page_at(self, method: str, path: str) -> Page | None:
        """The page of ``POST`` and ``/posts/{id}/retry``, if there is one."""
        return next((page for page in self.pages if (page.method, page.path) == (method, path)), None)

    def found(self, query: str) -> tuple[Page, ...]:
        """The pages that hold every word of the query, those that are called so first."""
        words = query.lower().split()
        hits = [page for page in self.pages if all(word in page.words for word in words)]
        return tuple(sorted(hits, key=lambda page: not all(word in page.summary.lower() for word in words)))


def read(document: Document) -> Reference:
    """The reference of a document."""
    sections = []
    for tag in document["tags"]:
        pages = [*_operations(document, tag["name"]), *_webhooks(document, tag["name"])]
        sections.append(Section(name=tag["name"], description=tag["description"], pages=tuple(pages)))
    info = document["info"]
    return Reference(
        title=info["title"],
        base_url=document["servers"][0]["url"],
        summary=info["summary"],
        introduction=info["description"],
        sections=tuple(sections),
    )


def slug_of(operation_id: str) -> str:
    """``createPost`` as ``create-post``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", operation_id).lower()


def _operations(document: Document, tag: str) -> Iterator[Page]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if tag in item.get(method, {}).get("tags", ()):
                yield _page(document, method.upper(), path, item[method], is_webhook=False)


def _webhooks(document: Document, tag: str) -> Iterator[Page]:
    for item in document.get("webhooks", {}).values():
        for method, operation in item.items():
            if tag in operation["tags"]:
                yield _page(document, method.upper(), "", operation, is_webhook=True)


def _page(document: Document, method: str, path: str, operation: Schema, *, is_webhook: bool) -> Page:
    responses = operation["responses"]
    good = next((status for status in responses if status[0] == "2" and "content" in responses[status]), None)
    return Page(
        slug=slug_of(operation["operationId"]),
        id=operation["operationId"],
        tag=operation["tags"][0],
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        scopes=tuple(operation.get("x-required-scopes", ())),
        is_keyed=any("apiKey" in way for way in operation.get("security", ())),
        is_webhook=is_webhook,
        parameters=tuple(_parameter(document, parameter) for parameter in operation.get("parameters", ())),
        bodies=tuple(
            _body(document, media_type, body)
            for media_type, body in operation.get("requestBody", {}).get("content", {}).items()
        ),
        reply=_reply(document, good, responses[good]) if good else None,
        refusals=() if is_webhook else tuple(_refusals(document, responses)),
        text=operation_page(document, method, path, operation),
    )


def _parameter(document: Document, parameter: Schema) -> Field:
    field = _field(document, parameter["name"], parameter["schema"], required=bool(parameter.get("required")))
    told = parameter.get("description", "")
    return Field(
        name=field.name,
        type=f"{parameter['in']}, {field.type}",
        required=field.required or parameter["in"] == "path",
        description=told,
        limits=field.limits,
        values=field.values,
        default=field.default,
    )


def _body(document: Document, media_type: str, body: Schema) -> Body:
    return Body(
        media_type=media_type,
        fields=_properties(document, body["schema"], asked=True),
        examples=tuple(
            Example(name=name.lower(), value=example["value"]) for name, example in body.get("examples", {}).items()
        ),
    )


def _reply(document: Document, status: str, response: Schema) -> Reply:
    ((media_type, content),) = response["content"].items()
    examples = [Example(name="", value=example["value"]) for example in content.get("examples", {}).values()]
    return Reply(
        status=status,
        says=response["description"],
        fields=_properties(document, content["schema"]),
        headers=tuple(
            Field(name=name, type=type_words(header["schema"]), description=header["description"])
            for name, header in response.get("headers", {}).items()
        ),
        example=examples[0] if examples else None,
        is_json=media_type == "application/json",
    )


def _refusals(document: Document, responses: Mapping[str, Any]) -> Iterator[Refusal]:
    for status, response in responses.items():
        if status < "400":
            continue
        whole = followed(document, response)
        shown = bodies_of(whole)
        yield Refusal(
            status=status,
            codes=tuple(dict.fromkeys(body["error"] for body in shown)),
            says=whole["description"],
            messages=tuple(body["message"] for body in shown),
            is_own="$ref" not in response,
        )


def _properties(
    document: Document, schema: Schema, *, asked: bool = False, seen: tuple[str, ...] = ()
) -> tuple[Field, ...]:
    """The fields of an object, of the object in a list, or of each of several objects that it may be."""
    name = schema.get("$ref", "")
    if name in seen or len(seen) >= _DEEPEST:
        return ()
    whole, seen = resolved(document, schema), (*seen, name or "-")
    options = [(option, _properties(document, option, asked=asked, seen=seen)) for option in _options(whole)]
    objects = [(option, fields) for option, fields in options if fields]
    if len(objects) > 1:
        return tuple(Field(name=type_words(option), type="one of these", fields=fields) for option, fields in objects)
    if objects:
        return objects[0][1]
    inner = whole.get("items") or whole.get("additionalProperties")
    if isinstance(inner, Mapping) and "properties" not in whole:
        return _properties(document, inner, asked=asked, seen=seen[:-1])
    return tuple(
        _field(document, name, field, required=asked and name in whole.get("required", ()), asked=asked, seen=seen)
        for name, field in whole.get("properties", {}).items()
    )


def _field(
    document: Document,
    name: str,
    schema: Schema,
    *,
    required: bool,
    asked: bool = False,
    seen: tuple[str, ...] = (),
) -> Field:
    kinds = [*_kinds(document, schema)]
    return Field(
        name=name,
        type=type_words(schema) if not _values(kinds) else _without_values(document, schema),
        required=required,
        description=schema.get("description", ""),
        limits=tuple(dict.fromkeys(words for kind in kinds for words in _limits(kind))),
        values=_values(kinds),
        default=json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else "",
        fields=_properties(document, schema, asked=asked, seen=seen),
    )


def _options(schema: Schema) -> Iterator[Schema]:
    """What it may be instead."""
    for word in ("oneOf", "anyOf", "allOf"):
        yield from schema.get(word, ())


def _kinds(document: Document, schema: Schema) -> Iterator[Schema]:
    """The schema and those it chooses from or lists, followed."""
    whole = resolved(document, schema)
    yield whole
    for option in _options(whole):
        yield from _kinds(document, option)
    if "items" in whole and "properties" not in resolved(document, whole["items"]):
        yield {f"each {name}": value for name, value in resolved(document, whole["items"]).items()}


def _values(kinds: list[Schema]) -> tuple[str, ...]:
    found = [kind.get("enum", kind.get("each enum", ())) for kind in kinds]
    values = [value for some in found for value in some if value is not None]
    return tuple(value if isinstance(value, str) else json.dumps(value) for value in values)


def _without_values(document: Document, schema: Schema) -> str:
    """The type of what has its values beside it: their kind, not themselves."""
    whole = resolved(document, schema)
    nullable = any(option.get("type") == "null" for option in _options(whole))
    if whole.get("enum") and not isinstance(whole["enum"][0], str):
        return type_words({"type": whole.get("type", "boolean")})
    if whole.get("type") == "array":
        return "string[]"
    return "string | null" if nullable else "string"


# What a schema may ask for, in words; each bound by its JSON Schema keyword.
_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "matches {}",
    "format": "{}",
    "each maxLength": "each at most {} characters",
    "each pattern": "each matches {}",
    "each format": "each {}",
}
_PAIRS = {"Length": "{} to {} characters", "imum": "{} to {}", "Items": "{} to {} of them"}
_FORMATS = {"uri": "an address", "date-time": "ISO 8601", "double": "", "int64": "", "binary": "a file"}


def _limits(schema: Schema) -> Iterator[str]:
    told = set()
    for what, words in _PAIRS.items():
        if schema.get(f"min{what}") is not None and schema.get(f"max{what}"):
            told |= {f"min{what}", f"max{what}"}
            yield words.format(_number(schema[f"min{what}"]), _number(schema[f"max{what}"]))
    for keyword, words in _BOUNDS.items():
        value = schema.get(keyword)
        if keyword in told or value is None or (keyword.endswith("maxLength") and value == 0):
            continue
        shown = _FORMATS.get(value, value) if keyword.endswith("format") else value
        if shown != "":
            yield words.format(_number(shown))


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
