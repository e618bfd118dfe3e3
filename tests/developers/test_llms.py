"""llms.txt: everything the schema says, and everything the public reference of the posting API says."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.api.markdown import to_markdown
from chat33.dashboard.developers import build
from tests.contracts.document import document
from tests.developers.test_openapi import each_operation

FACTS = """
# Chat33 API
> Schedule and publish content to Instagram, Facebook, TikTok, YouTube, and X (Twitter).
All endpoints support API key (x-api-key header) or session auth. Generate API keys in Settings → API Keys.
**Version:** 1.0.0
**Base URL:** `http
/api/v1`
## Authentication
All endpoints accept an API key via the `x-api-key` header:
Generate API keys at `/settings` → API Keys. Session auth (browser cookie) is also supported
### Scopes
- `accounts:read` — list connected social channels
- `posts:read` — read post status and history
- `posts:write` — create, schedule, edit, and cancel posts
- `media:write` — upload media files
## Error Format
"error": "VALIDATION_ERROR",
"message": "Human-readable message",
"path": "field.name",
`VALIDATION_ERROR` (400), `Unauthorized` (401), `Insufficient scope` (403), `Not found` (404), `CONFLICT` (409)
`RATE_LIMIT` (429)
## Rate Limits
- `POST /posts`: 30/hour per organization
- `POST /media/upload`: 50/hour
- `POST /api-keys`: 10/hour per user
- Per-channel daily publishing limits: Instagram 25, Facebook 50, TikTok 20, YouTube 6
## Webhooks (callbackUrl)
When a post is published or fails, if `callbackUrl` was set on the post, a POST is sent to that URL with:
"postId": "post_abc123",
"status": "PUBLISHED",
"externalPostId": "17889341234",
"externalPostUrl": "https://instagram.com/p/...",
"error": null
## Accounts
Connected social media channels
### GET /accounts
**List connected accounts**
Returns all active social media channels connected to your organization.
**Required scope(s):** `accounts:read`
- `platform` (query, "instagram" | "facebook" | "tiktok" | "youtube" | "x") — Filter by platform
**Response 200:** List of accounts
- `items` (Account[])
## Posts
Create, schedule, and manage social media posts
### POST /posts
**Create and queue a post**
Creates a post (or one per channel for multi-platform). If `scheduledAt` is omitted, the post publishes immediately
on the next cron tick (~1 min). If set, the post waits until that time. Rate limited to 30/hour
**Required scope(s):** `posts:write`
- `accountIds` (string[]) **required** — Channel IDs from /accounts. One ScheduledPost is created per channel.
— Caption / post text
— Public URLs to media. Use /media/upload first or pass any public URL.
- `mediaType` (MediaType
— Video thumbnail (YouTube/TikTok)
— Platform-specific options (YouTube title, privacy, per-platform caption overrides)
— Webhook URL — POSTed { postId, status, externalPostId, externalPostUrl, error } on completion.
— ISO 8601 datetime. Omit to publish immediately on next cron tick (~1 min).
- `timezone` (string) — IANA timezone for scheduling (e.g. America/New_York) (default: `"UTC"`)
"text": "Check out our new product! #launch",
**Response 201:** Post(s) created
- `posts` (PostSummary[])
- `groupId` (string | null) — Set for multi-channel posts to group sibling posts
### GET /posts
**List posts**
Paginated list of posts, filterable by status, platform, or channel.
**Required scope(s):** `posts:read`
- `status` (query, "DRAFT" | "QUEUED" | "PUBLISHING" | "PUBLISHED" | "FAILED" | "CANCELLED")
- `channelId` (query, string)
- `page` (query, integer)
- `limit` (query, integer)
**Response 200:** Paginated post list
- `total` (integer)
- `hasMore` (boolean)
### POST /posts/validate
**Validate a post (dry run)**
Checks the post against platform rules (media format, caption length, channel validity) without creating anything.
Useful for client-side preflight.
**Response 200:** Validation result
### GET /posts/{id}
**Get post details**
**Response 200:** Post details
### PATCH /posts/{id}
**Update a post**
Only DRAFT and QUEUED posts can be edited. Use to reschedule, change caption, or move to draft.
— Set to null to publish immediately on next cron tick
- `status` ("DRAFT" | "QUEUED" | "CANCELLED")
**Response 200:** Updated post
### DELETE /posts/{id}
**Delete or cancel a post**
Hard-deletes DRAFT posts. Cancels QUEUED/PUBLISHED/FAILED posts (sets status to CANCELLED).
Cannot delete a post currently being published.
**Response 200:** Deleted or cancelled
### POST /posts/{id}/duplicate
**Duplicate a post**
Clones a post for reposting or rescheduling. Defaults to a DRAFT copy on the same channel.
- `id` (path, string) **required**
— Override target channels. Defaults to original channel.
- `status` ("DRAFT" | "QUEUED") (default: `"DRAFT"`)
**Response 201:** Duplicated post(s)
- `duplicatedFrom` (string)
### GET /posts/{id}/logs
**Get publish attempt logs**
Returns analytics events for this post (publish attempts, successes, failures)
**Response 200:** Log entries
- `logs` (
## Media
Upload media files for posts
### POST /media/upload
**Upload media**
**1. Multipart upload** (`multipart/form-data` with `file` field) — for files under 4.5MB.
**2. URL ingestion** (`application/json` with `{url, filename}`) — fetches from a public URL, supports any size.
You can also skip this entirely and pass any public URL directly in `mediaUrls` when creating posts.
Limits: images 10MB, videos 100MB. Rate limit 50/hour.
**Required scope(s):** `media:write`
- `url` (string) **required** — Public URL to fetch
- `filename` (string) — Optional filename hint
**Response 201:** Uploaded
- `type` ("image" | "video")
- `size` (integer)
- `contentType` (string)
## API Keys
Manage API keys (session auth only)
### POST /api-keys
**Create API key**
Generates a new API key. **Session auth only** — cannot be called with another API key.
The raw key is returned ONCE in the response and never stored or retrievable again.
- `name` (string) (default: `"Default API Key"`)
**Response 201:** Key created. Save the `key` value — it cannot be retrieved later.
- `key` (string) — The raw API key. Shown only once.
### GET /api-keys
**List API keys**
Returns key prefixes and metadata. Raw keys are never returned. Session auth only.
- `items` (ApiKey[])
### DELETE /api-keys/{id}
**Revoke an API key**
Sets the key inactive. Session auth only.
- `revoked` (true)
## Schemas
### Platform
Enum: `instagram`, `facebook`, `tiktok`, `youtube`, `x`
### MediaType
Enum: `image`, `video`, `reel`, `carousel`
### PostStatus
Enum: `DRAFT`, `QUEUED`, `PUBLISHING`, `PUBLISHED`, `FAILED`, `CANCELLED`
### Account
- `username` (string | null)
- `isActive` (boolean)
### ApiKey
- `keyPrefix` (string) — First 12 chars of the key, e.g. sk_live_abcd
- `lastUsedAt` (string | null)
- `expiresAt` (string | null)
### CreatePostRequest
### PostSummary
- `accountId` (string)
- `accountName` (string)
### Post
- `channelId` (string)
- `mediaUrls` (string[])
- `publishedAt` (string | null)
- `externalPostId` (string | null)
- `externalPostUrl` (string | null)
- `errorMessage` (string | null)
- `retryCount` (integer)
- `createdBy` (string)
### Error
- `error` (string) — Error code, e.g. VALIDATION_ERROR, RATE_LIMIT
- `message` (string)
- `details` (
"""

OURS = """
Idempotency-Key
Idempotent-Replayed: true
IDEMPOTENCY_MISMATCH
POST /posts/{id}/retry
POST /posts/{id}/reconcile
POST /posts/{id}/resolve
{"as": "published"}
UNCONFIRMED
heldUntil
webhook-id
webhook-timestamp
webhook-signature
whsec_
GET /platforms
GET /callbacks
POST /callbacks/{id}/resend
RateLimit-Remaining
Retry-After
X-CSRFToken
X 300
"""


def lines(facts: str) -> list[str]:
    return [line for line in facts.splitlines() if line]


@pytest.fixture(scope="module")
def text() -> str:
    return str(to_markdown(build()))


@pytest.mark.parametrize("fact", lines(FACTS))
def test_what_the_reference_says_is_there(text: str, fact: str) -> None:
    assert fact in text


@pytest.mark.parametrize("word", lines(OURS))
def test_what_is_ours_is_there(text: str, word: str) -> None:
    assert word in text


def section(text: str, title: str) -> str:
    """What stands below a heading of the third rank."""
    return text.partition(f"\n### {title}\n")[2].partition("\n### ")[0].partition("\n## ")[0]


@each_operation
def test_every_operation_is_told_in_full(text: str, name: str, operation: dict[str, Any]) -> None:
    told = section(text, name)

    assert operation["summary"] in told
    assert operation["operationId"] in told
    for scope in operation["x-required-scopes"]:
        assert f"`{scope}`" in told
    for parameter in operation.get("parameters", ()):
        assert f"- `{parameter['name']}` ({parameter['in']}" in told
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        for field in properties(content["schema"]):
            assert f"- `{field}` (" in told
        for example in content.get("examples", {}).values():
            assert json.dumps(example["value"], indent=2, ensure_ascii=False) in told
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            assert f"{status} `" in told.partition("**Errors:**")[2]
        for header in response.get("headers", {}) if int(status) < 400 else ():
            assert f"`{header}`" in told.partition("**Response headers:**")[2]


@pytest.mark.parametrize("name", list(document()["components"]["schemas"]))
def test_every_schema_is_told_in_full(text: str, name: str) -> None:
    schema = document()["components"]["schemas"][name]
    told = section(text, name)

    for value in schema.get("enum", ()):
        assert f"`{value}`" in told
    for field, its in schema.get("properties", {}).items():
        assert f"- `{field}` (" in told
        for value in (*its.get("enum", ()), *its.get("items", {}).get("enum", ())):
            assert json.dumps(value) in told
        assert its.get("description", "") in told


@pytest.mark.parametrize("name", list(document()["components"]["responses"]))
def test_every_error_is_told(text: str, name: str) -> None:
    response = document()["components"]["responses"][name]
    told = text.partition("\n## Error responses\n")[2]

    assert response["description"] in told
    for example in response["content"]["application/json"]["examples"].values():
        assert f"`{example['value']['error']}`" in told
        assert example["value"]["message"] in told
    for header in response.get("headers", ()):
        assert f"`{header}`" in told


def test_limits_are_those_of_this_installation(settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "POSTS": "7/15m", "MEDIA": "off"}
    settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, "tiktok": "3"}

    page = to_markdown(build())

    assert "`POST /posts`: 7/15 minutes per organization" in page
    assert "Rate limited to 7/15 minutes" in page
    assert "`POST /media/upload`: unlimited" in page
    assert "TikTok 3, YouTube 6" in page


def test_it_is_served_to_everyone_as_text() -> None:
    reply = Client().get("/llms.txt")

    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert reply.content.decode().startswith("# Chat33 API\n\n> Schedule and publish content")


def properties(schema: dict[str, Any]) -> list[str]:
    """The fields of a body."""
    named = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(named.get("properties", ()))
