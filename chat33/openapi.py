"""What the API's schema says of itself, for drf-spectacular."""

from typing import Any

SCHEMA: dict[str, Any] = {
    "TITLE": "Chat33 API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVERS": [{"url": "/api/v1"}],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "COMPONENT_SPLIT_PATCH": False,
    "ENFORCE_NON_BLANK_FIELDS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "Platform": "integrations.models.Platform",
        "MediaType": "posts.models.MediaType",
        "PostStatus": "posts.models.PostStatus",
        "LinkKind": "tracking.models.LinkKind",
    },
    "DEFAULT_GENERATOR_CLASS": "chat33.api.schema.Generator",
    "PREPROCESSING_HOOKS": ["chat33.api.document.only_v1"],
    "POSTPROCESSING_HOOKS": [
        "chat33.api.document.name_enums",
        "chat33.dashboard.developers.introduce",
        "chat33.api.document.tell_limits",
    ],
    "WEBHOOKS": ["integrations.api.v1.docs.POST_FINISHED"],
    "TAGS": [
        {"name": "Accounts", "description": "Connected social media channels"},
        {"name": "Posts", "description": "Create, schedule, and manage social media posts"},
        {"name": "Media", "description": "Upload media files for posts"},
        {"name": "Contacts", "description": "The people you talk to, their labels, and what happened to each"},
        {"name": "Links", "description": "Tracked, smart, UTM and app store links, and what came of them"},
        {"name": "API Keys", "description": "Manage API keys (session auth only)"},
        {"name": "Callbacks", "description": "What was sent to your callbackUrls"},
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "apiKey": {
                "type": "apiKey",
                "in": "header",
                "name": "x-api-key",
                "description": "Generate API keys in Settings → API Keys.",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "A logged-in browser. Writes carry the cookie `csrftoken` in the header `X-CSRFToken` too; "
                "`X-Organization` names the organization for who is in several.",
            },
        }
    },
}
