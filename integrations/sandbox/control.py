"""The doors tests and operators use to steer the sandbox: fault rules, visible posts, requests, clock, accounts, apps."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from integrations.sandbox.core import TOKENS, Rule, Sandbox

STEPS = ("prepare", "poll", "commit", "confirm", "comment", "connect", "refresh", "send", "template")
MODES = ("error", "hang", "drop_after", "slow")


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """``/_control/…``"""

    async def add_rule(request: web.Request) -> web.Response:
        given = await request.json()
        if given.get("step") not in STEPS or given.get("mode") not in MODES:
            return _bad(f"step is one of {', '.join(STEPS)}; mode is one of {', '.join(MODES)}.")
        known = {name: given[name] for name in Rule.__dataclass_fields__ if name in given and name != "id"}
        rule = Rule(**{"platform": "*", **known})
        sandbox.rules.append(rule)
        return web.json_response(_rule(rule), status=201)

    async def list_rules(request: web.Request) -> web.Response:
        return _items([_rule(rule) for rule in sandbox.rules])

    async def drop_rules(request: web.Request) -> web.Response:
        sandbox.rules.clear()
        return _items([])

    async def drop_rule(request: web.Request) -> web.Response:
        sandbox.rules[:] = [rule for rule in sandbox.rules if rule.id != request.match_info["id"]]
        return _items([_rule(rule) for rule in sandbox.rules])

    async def posts(request: web.Request) -> web.Response:
        return _items(sandbox.posts(request.query.get("platform")))

    async def messages(request: web.Request) -> web.Response:
        return _items(list(sandbox.store.find("message")))

    async def requests(request: web.Request) -> web.Response:
        return _items(list(sandbox.requests))

    async def clock(request: web.Request) -> web.Response:
        sandbox.offset += timedelta(seconds=float((await request.json())["advance_seconds"]))
        return web.json_response({"now": sandbox.now().isoformat()})

    async def account(request: web.Request) -> web.Response:
        given = await request.json()
        if given.get("platform") not in TOKENS or not given.get("username"):
            return _bad(f"platform is one of {', '.join(TOKENS)}; username is required.")
        document = sandbox.create_account(
            given["platform"],
            username=given["username"],
            name=given.get("name") or given["username"],
            **given.get("metadata", {}),
        )
        return web.json_response({**document, **sandbox.grant(document)}, status=201)

    return [
        web.post("/_control/rules", add_rule),
        web.get("/_control/rules", list_rules),
        web.delete("/_control/rules", drop_rules),
        web.delete("/_control/rules/{id}", drop_rule),
        web.get("/_control/posts", posts),
        web.get("/_control/messages", messages),
        web.get("/_control/requests", requests),
        web.post("/_control/clock", clock),
        web.post("/_control/accounts", account),
        *_apps(sandbox),
    ]


def _apps(sandbox: Sandbox) -> list[web.RouteDef]:
    """``/_control/apps``: who else may ask for accounts, and where browsers may be sent back to."""

    async def app(request: web.Request) -> web.Response:
        given = await request.json()
        fields = {name: given.get(name) for name in ("client_id", "client_secret", "redirect_uris")}
        if not all(fields.values()) or not isinstance(fields["redirect_uris"], list):
            return _bad("client_id, client_secret and the list redirect_uris are required.")
        return web.json_response(sandbox.store.put("app", str(fields["client_id"]), fields), status=201)

    return [web.post("/_control/apps", app)]


def _rule(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in Rule.__dataclass_fields__}


def _items(items: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"items": items})


def _bad(message: str) -> web.Response:
    return web.json_response({"error": "VALIDATION_ERROR", "message": message}, status=400)
