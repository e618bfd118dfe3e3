"""How an operation describes itself in OpenAPI: a declaration beside its view, completed from what the view is.

A view names its declarations in ``operations``, method to ``Operation``. What follows from the view itself is added here:
the scopes it asks for, the ways to authenticate, the errors that any such operation can answer, the headers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drf_spectacular.drainage import error
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from chat33.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE
from chat33.api.refusals import LIMIT_HEADERS, STANDARD, Error, Refusal

JSON = "application/json"
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Makes a repetition safe: the same key and request give the first answer again, for 72 hours.",
)
REPLAYED = "`true` when this is the kept answer to an earlier request with the same Idempotency-Key."


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What an operation says of itself. ``refusals`` are words of its own for errors, by status."""

    id: str
    tag: str
    summary: str
    description: str = ""
    parameters: Sequence[OpenApiParameter] = ()
    body: Any = None  # a serializer, or one by media type
    body_examples: Mapping[str, Any] = field(default_factory=dict)
    answer: Any
    answer_status: int = 200
    answer_type: str = JSON
    answer_says: str
    answer_example: Any
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    idempotent: bool = False  # takes an Idempotency-Key


class Schema(AutoSchema):
    """drf-spectacular's, reading ``view.operations``."""

    @property
    def declaring(self) -> Any:
        """The view, with what ours declare."""
        return self.view

    @property
    def operation(self) -> Operation:
        """The declaration of the view's method."""
        found: Operation = self.declaring.operations[self.method]
        return found

    def is_excluded(self) -> bool:
        """Nothing public is left out: without a declaration the schema is not made."""
        missing = self.method not in getattr(self.view, "operations", {})
        if missing:
            error(f"{self.method} {self.path} is not described; add it to {type(self.view).__name__}.operations.")
        return missing

    def get_operation_id(self) -> str:
        """The declared one."""
        return self.operation.id

    def get_tags(self) -> list[str]:
        """The declared one."""
        return [self.operation.tag]

    def get_summary(self) -> str:
        """The declared one."""
        return self.operation.summary

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """``PostReply`` is the component ``Post``."""
        return type(serializer).__name__.removesuffix("Reply")

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular's own signature
        """The declared one, never the docstring, which is for those who read the code."""
        return self.operation.description

    def get_auth(self) -> list[dict[str, list[str]]]:
        """One entry for each way to authenticate; any of them is enough."""
        return [{scheme: []} for scheme in self._schemes()]

    def get_extensions(self) -> dict[str, Any]:
        """The scopes an API key needs; none where no key is taken."""
        keyed = "apiKey" in self._schemes()
        return {"x-required-scopes": [self.declaring.scopes[self.method]] if keyed else []}

    def get_override_parameters(self) -> list[Any]:
        """Parameters and the headers of the answer."""
        said = [*self.operation.parameters]
        status = self.operation.answer_status
        if self.operation.idempotent:
            said.append(IDEMPOTENCY_KEY)
            said.append(_answered("Idempotent-Replayed", {"type": "string", "const": "true"}, REPLAYED, status))
        for name, header in LIMIT_HEADERS.items():
            said.append(_answered(name, header["schema"], header["description"], status))
        return said

    def get_request_serializer(self) -> Any:
        """The declared body: one serializer is JSON."""
        body = self.operation.body
        return body if body is None or isinstance(body, dict) else {JSON: body}

    def get_response_serializers(self) -> Any:
        """The answer; the errors come as ``_get_response_bodies`` adds them."""
        examples = [OpenApiExample("example", self.operation.answer_example, response_only=True)]
        says = self.operation.answer_says
        answered = (self.operation.answer_status, self.operation.answer_type)
        return {answered: OpenApiResponse(self.operation.answer, says, examples)}

    def get_examples(self) -> list[OpenApiExample]:
        """Those of the body."""
        return [OpenApiExample(name, value, request_only=True) for name, value in self.operation.body_examples.items()]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        self.resolve_serializer(Error, direction)
        for status in self._statuses():
            own = self.operation.refusals.get(status)
            bodies[str(status)] = own.response() if own else self._standard(STANDARD[status])
        return dict(sorted(bodies.items()))

    def _statuses(self) -> set[int]:
        """The errors that follow from what the operation is, and those it declares."""
        statuses = {401, 403, 429, 503, *self.operation.refusals}
        asked = any(parameter.location != OpenApiParameter.PATH for parameter in self.operation.parameters)
        if "{" in self.path:
            statuses.add(404)
        if self.operation.body is not None:
            statuses |= {400, 413, 415}
        if self.operation.idempotent:
            statuses |= {400, 409, 422}
        return statuses | {400} if asked else statuses

    def _standard(self, refusal: Refusal) -> dict[str, str]:
        component = ResolvedComponent(refusal.name, ResolvedComponent.RESPONSE, refusal.response(), refusal.name)
        self.registry.register_on_missing(component)
        return component.ref

    def _schemes(self) -> list[str]:
        return [authentication.scheme for authentication in self.declaring.authentication_classes]


class Generator(SchemaGenerator):
    """drf-spectacular's, with every path parameter called ``id`` as the API documents it."""

    def coerce_path(self, path: str, method: str, view: Any) -> str:
        """``/posts/{post_id}`` as ``/posts/{id}``."""
        return re.sub(r"\{\w+_id\}", "{id}", path)


def id_of(what: str) -> OpenApiParameter:
    """The id in a path."""
    return OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH, required=True, description=f"{what} id.")


def query(name: str, words: str, schema: Mapping[str, Any]) -> OpenApiParameter:
    """An optional parameter of the address."""
    return OpenApiParameter(name, dict(schema), OpenApiParameter.QUERY, description=words)


def page_parameters() -> tuple[OpenApiParameter, OpenApiParameter]:
    """``page`` and ``limit``."""
    return (
        query("page", "Which page, from 1.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}),
        query(
            "limit",
            f"Items on a page, at most {MAX_LIMIT}; more means {MAX_LIMIT}.",
            {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT},
        ),
    )


def _answered(name: str, schema: Mapping[str, Any], words: str, status: int) -> OpenApiParameter:
    return OpenApiParameter(name, dict(schema), OpenApiParameter.HEADER, description=words, response=[status])
