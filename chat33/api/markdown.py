"""An OpenAPI document as one Markdown page, for those who read text rather than JSON. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Document = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")


def to_markdown(document: Document) -> str:
    """The whole page: introduction, operations by tag, webhooks, schemas."""
    blocks = [*_head(document), *_operations(document), *_webhooks(document), *_schemas(document)]
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def operation_page(document: Document, method: str, path: str, operation: Schema) -> str:
    """One operation, or with no path one webhook, as a page of its own."""
    if path:
        _, *blocks = _operation(document, "", operation)
        title = f"{method} {path}"
    else:
        title, blocks = f"Webhook: {operation['operationId']}", [*_webhook(document, method, operation)]
    return "\n\n".join(block.strip("\n") for block in [f"# {title}", *blocks] if block) + "\n"


def _head(document: Document) -> Iterator[str]:
    info = document["info"]
    yield f"# {info['title']}"
    yield f"> {info['summary']}"
    yield f"**Version:** {info['version']}\n**Base URL:** `{document['servers'][0]['url']}`"
    yield info["description"]


def _operations(document: Document) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"## {tag['name']}"
        yield tag["description"]
        for path, item in document["paths"].items():
            for method in METHODS:
                if tag["name"] in item.get(method, {}).get("tags", ()):
                    yield from _operation(document, f"{method.upper()} {path}", item[method])


def _operation(document: Document, title: str, operation: Schema) -> Iterator[str]:
    yield f"### {title}"
    yield f"**{operation['summary']}** (`{operation['operationId']}`)"
    yield operation.get("description", "")
    scopes = operation.get("x-required-scopes")
    if scopes:
        yield "**Required scope(s):** " + ", ".join(f"`{scope}`" for scope in scopes)
    parameters = operation.get("parameters")
    if parameters:
        yield "**Parameters:**\n" + "\n".join(_parameter(document, parameter) for parameter in parameters)
    yield from _body(document, operation.get("requestBody", {}).get("content", {}))
    for status, response in operation["responses"].items():
        if status < "400":
            yield from _answer(document, status, response)
    yield _errors(document, operation["responses"])


def _parameter(document: Document, parameter: Schema) -> str:
    schema = parameter["schema"]
    kind = type_words(resolved(document, schema))
    required = " **required**" if parameter["in"] == "path" or parameter.get("required") else ""
    words = _words(parameter.get("description", ""), schema)
    return f"- `{parameter['name']}` ({parameter['in']}, {kind}){required}{words}"


def _body(document: Document, content: Mapping[str, Any]) -> Iterator[str]:
    for media_type, body in content.items():
        name = f" (`{media_type}`)" if len(content) > 1 else ""
        yield f"**Request body{name}:**\n" + "\n".join(_fields(resolved(document, body["schema"]), asked=True))
        yield from _examples(body)


def _answer(document: Document, status: str, response: Schema) -> Iterator[str]:
    ((media_type, content),) = response["content"].items()
    is_json = media_type == "application/json"
    fields = "\n".join(_fields(resolved(document, content["schema"])))
    named = "" if is_json else f" (`{media_type}`)"
    yield f"**Response {status}{named}:** {response['description']}\n{fields}".rstrip()
    yield "**Response headers:** " + ", ".join(f"`{name}`" for name in response.get("headers", {}))
    if is_json:
        yield from _examples(content)


def _errors(document: Document, responses: Mapping[str, Any]) -> str:
    """Every status in one line with its words; below it what is peculiar to this operation."""
    errors = {status: response for status, response in responses.items() if status >= "400"}
    words = {status: _error_words(followed(document, response)) for status, response in errors.items()}
    lines = ["**Errors:** " + ", ".join(f"{status} {' or '.join(words[status])}" for status in errors)]
    for status, response in errors.items():
        if "$ref" not in response:
            lines.append(f"- {status}: {response['description']}")
            lines.extend(f"  - “{body['message']}”" for body in bodies_of(response))
    return "\n".join(lines)


def _error_words(response: Schema) -> list[str]:
    return list(dict.fromkeys(f"`{body['error']}`" for body in bodies_of(response)))


def bodies_of(response: Schema) -> list[Any]:
    """The bodies that a response shows as examples."""
    return [example["value"] for example in response["content"]["application/json"]["examples"].values()]


def _examples(content: Schema) -> Iterator[str]:
    for name, example in content.get("examples", {}).items():
        named = f" ({name.lower()})" if len(content["examples"]) > 1 else ""
        yield f"Example{named}:\n```json\n{json.dumps(example['value'], indent=2, ensure_ascii=False)}\n```"


def _webhooks(document: Document) -> Iterator[str]:
    for name, item in document.get("webhooks", {}).items():
        for method, operation in item.items():
            yield f"## Webhook: {name}"
            yield from _webhook(document, method.upper(), operation)


def _webhook(document: Document, method: str, operation: Schema) -> Iterator[str]:
    yield f"**{operation['summary']}**"
    yield f"`{method}`, {operation['description']}"
    yield "**Headers:**\n" + "\n".join(_parameter(document, header) for header in operation["parameters"])
    yield from _body(document, operation["requestBody"]["content"])
    answers = [f"- {status}: {answer['description']}" for status, answer in operation["responses"].items()]
    yield "**Your answer:**\n" + "\n".join(answers)


def _schemas(document: Document) -> Iterator[str]:
    yield "## Schemas"
    for name, schema in document["components"]["schemas"].items():
        yield f"### {name}"
        yield schema.get("description", "")
        if "enum" in schema:
            yield "Enum: " + ", ".join(f"`{value}`" for value in schema["enum"])
        else:
            yield "\n".join(_fields(schema, asked=name.endswith("Request")))
    yield "## Error responses"
    yield "\n".join(line for error in _shared_errors(document).items() for line in _error(*error))
    yield "## Response headers"
    yield "\n".join(f"- `{name}` — {words}" for name, words in sorted(_headers(document).items()))


def _error(status: str, response: Schema) -> Iterator[str]:
    yield f"- {status} {' or '.join(_error_words(response))}: {response['description']}"
    yield from (f"  - “{body['message']}”" for body in bodies_of(response))
    if response.get("headers"):
        yield "  - Headers: " + ", ".join(f"`{name}`" for name in response["headers"])


def _headers(value: Any) -> dict[str, str]:
    """Every header that any response has, with its words."""
    found: dict[str, str] = {}
    if isinstance(value, Mapping):
        for name, header in value.get("headers", {}).items():
            found.setdefault(name, header["description"])
        for inner in value.values():
            found |= _headers(inner)
    return found


def _shared_errors(document: Document) -> dict[str, Any]:
    """The responses that operations share, by status."""
    found = {}
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if "$ref" in response:
                    found[status] = followed(document, response)
    return dict(sorted(found.items()))


def _fields(schema: Schema, *, asked: bool = False) -> Iterator[str]:
    """One line for each property, marked where it is ``asked`` for and may not be left out; or one for each shape."""
    yield from (f"- {type_words(option)}" for option in schema.get("oneOf", ()))
    for name, field in schema.get("properties", {}).items():
        mark = " **required**" if asked and name in schema.get("required", ()) else ""
        yield f"- `{name}` ({type_words(field)}){mark}{_words(field.get('description', ''), field)}"
        yield from _options(field)


def _options(field: Schema) -> Iterator[str]:
    """The fields of an object that is described in place."""
    for name, option in field.get("properties", {}).items():
        yield f"  - `{name}` ({type_words(option)}){_words(option.get('description', ''), option)}"
        yield from ("  " + line for line in _options(option))


def _words(description: str, schema: Schema) -> str:
    default = f" (default: `{json.dumps(schema['default'], ensure_ascii=False)}`)" if "default" in schema else ""
    return (f" — {description}" if description else "") + default


def type_words(schema: Schema) -> str:
    """A schema's type in a word or two: ``string``, ``Post[]``, ``Platform | null``, ``"a" | "b"``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if options:
        return " | ".join(dict.fromkeys(word for option in options for word in type_words(option).split(" | ")))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    kinds = schema.get("type", "any")
    return " | ".join(_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _kind(kind: str, schema: Schema) -> str:
    if kind == "array":
        item = type_words(schema.get("items", {}))
        return f"({item})[]" if " | " in item else f"{item}[]"
    return kind


def resolved(document: Document, schema: Schema) -> Schema:
    """The schema itself where it is a reference to one."""
    return followed(document, schema) if "$ref" in schema else schema


def followed(document: Document, thing: Schema) -> Schema:
    """A copy of what a reference leads to, or of the thing itself."""
    found: Any = thing
    if "$ref" in thing:
        found = document
        for name in thing["$ref"].removeprefix("#/").split("/"):
            found = found[name]
    return dict(found)
