"""The builders: wrapped links, UTM links and app store links. Nothing is stored."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api.bodies import read_body
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from integrations.auth import caller
from tracking.api.v1 import docs, intake
from tracking.api.v1.serializers import BuildStoreRequest, BuildUtmRequest, WrapRequest
from tracking.links import signing, utm
from tracking.links.stores import both
from tracking.links.vocabulary import strays


class WrapView(ApiView):
    """``/links/wrap``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "links:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.WRAP_LINK}

    def post(self, request: Request) -> Response:
        """The link to send instead."""
        data = read_body(WrapRequest, request)
        organization = caller(request).organization
        contact, channel = intake.named(data, organization=organization)
        wrapped = intake.told(
            lambda: signing.wrap_link(
                data["url"], organization=organization, contact=contact, channel=channel, flow=data.get("flowId", "")
            )
        )
        return Response({"url": wrapped})


class UtmView(ApiView):
    """``/links/utm``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "links:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.BUILD_UTM}

    def post(self, request: Request) -> Response:
        """The link, and what to know of it."""
        data = read_body(BuildUtmRequest, request)
        values = {name: data.get(name, "") for name in utm.FIELDS}
        made = intake.told(lambda: utm.build(data["url"], values, exact=data["exact"]))
        warnings = [*made.warnings, *strays(caller(request).organization, made.values)]
        return Response({"url": made.url, "utm": made.values, "channelGroup": made.channel, "warnings": warnings})


class StoreView(ApiView):
    """``/links/store``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "links:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.BUILD_STORE}

    def post(self, request: Request) -> Response:
        """The links, and what to know of them."""
        data = read_body(BuildStoreRequest, request)
        made = intake.told(lambda: both(data.get("appStore"), data.get("googlePlay")))
        warnings = [*made.warnings, *strays(caller(request).organization, made.values)]
        return Response({"iosUrl": made.ios_url, "androidUrl": made.android_url, "warnings": warnings})
