"""What the posting API says of its operations: words, examples, and the errors that are an operation's own."""

from drf_spectacular.utils import PolymorphicProxySerializer

from chat33.api.refusals import invalid, refused
from chat33.api.schema import Operation, id_of, page_parameters, query
from posts.api.v1 import examples, replies, serializers

_POST_ID = id_of("The post's")
_PLATFORM = {"$ref": "#/components/schemas/Platform"}
_STATUS = {"$ref": "#/components/schemas/PostStatus"}

_NOT_EDITABLE = refused(
    "CONFLICT",
    "Only DRAFT and QUEUED posts can be edited.",
    publishing="A post that is PUBLISHING cannot be changed. Try again when publishing has ended.",
    published="A post that is PUBLISHED cannot be changed. Duplicate it to post it again.",
    failed="A post that is FAILED cannot be changed. Retry it, or duplicate it and change the copy.",
    cancelled="A post that is CANCELLED cannot be changed. Duplicate it to use it again.",
)
_BAD_POST = invalid(
    "The body is not valid, names an account you do not have, or breaks a rule of one of its platforms.",
    missing=("accountIds", "This field is required."),
    unknown=("accountIds.0", "There is no such account."),
    empty=("text", "A post needs text or media."),
    past=("scheduledAt", "The time is too long past. Choose one ahead, or leave it out for now."),
)
_BAD_BODY = invalid(
    "The body is not valid, or names an account you do not have. What breaks a platform's rule is in the result.",
    missing=("accountIds", "This field is required."),
    unknown=("accountIds.0", "There is no such account."),
)

LIST_ACCOUNTS = Operation(
    id="listAccounts",
    tag="Accounts",
    summary="List connected accounts",
    description="Returns all active social media channels connected to your organization. `metadata.quota` tells what "
    "each may still publish today, `metadata.health` how its connection is.",
    parameters=[query("platform", "Filter by platform (instagram, facebook, tiktok, youtube, x)", _PLATFORM)],
    answer=replies.AccountListReply,
    answer_says="List of accounts",
    answer_example=examples.ACCOUNTS,
    refusals={
        400: invalid(
            "There is no such platform.", unknown=("platform", "Use one of instagram, facebook, tiktok, youtube, x.")
        )
    },
)
LIST_PLATFORMS = Operation(
    id="listPlatforms",
    tag="Accounts",
    summary="List the platforms' rules",
    description="What each network accepts, by media type, for machines: the rules that `POST /posts/validate` applies, "
    "and the JSON Schema of each network's part of `platformConfig`.",
    answer=replies.PlatformListReply,
    answer_says="The rules",
    answer_example=examples.PLATFORMS,
)
CREATE_POST = Operation(
    id="createPost",
    tag="Posts",
    summary="Create and queue a post",
    description="Creates a post (or one per channel for multi-platform). If `scheduledAt` is omitted, the post publishes "
    "immediately on the next cron tick (~1 min). If set, the post waits until that time. Rate limited to "
    "{limit:POSTS} per organization, together with duplicating; refused requests and repeated ones are free.\n\n"
    "`status` `DRAFT` keeps it until it is queued by `PATCH`. A `scheduledAt` without an offset is read in `timezone`; "
    "one that is past by more than {hours:LATE_LIMIT} hours is refused. A post over its channel's daily limit stays "
    "QUEUED, with `heldUntil` saying when it goes.",
    body=serializers.CreatePostRequest,
    body_examples={"now": examples.BODY, "scheduled": examples.SCHEDULED},
    answer=replies.CreatedPostsReply,
    answer_status=201,
    answer_says="Post(s) created",
    answer_example={"posts": [examples.SUMMARY], "groupId": None},
    refusals={400: _BAD_POST},
    idempotent=True,
)
LIST_POSTS = Operation(
    id="listPosts",
    tag="Posts",
    summary="List posts",
    description="Paginated list of posts, filterable by status, platform, or channel. Newest first.",
    parameters=[
        query("status", "Filter by status", _STATUS),
        query("platform", "Filter by platform", _PLATFORM),
        query("channelId", "Filter by channel", {"type": "string"}),
        *page_parameters(),
    ],
    answer=replies.PostPageReply,
    answer_says="Paginated post list",
    answer_example={"items": [examples.POST], "total": 1, "page": 1, "limit": 20, "hasMore": False},
    refusals={
        400: invalid(
            "A filter has a value that it never has, or a page is no number.",
            page=("page", "Use a whole number from 1."),
        )
    },
)
VALIDATE_POST = Operation(
    id="validatePost",
    tag="Posts",
    summary="Validate a post (dry run)",
    description="Checks the post against platform rules (media format, caption length, channel validity) without "
    "creating anything. Useful for client-side preflight. Files are looked at where they can be had. Answers for each "
    "channel with errors, which creating would refuse, and warnings, such as the same text twice in a day or a time "
    "that daylight saving skips. A body that is malformed is 400, as when creating.",
    body=serializers.CreatePostRequest,
    body_examples={"now": examples.BODY, "scheduled": examples.SCHEDULED},
    answer=replies.ValidationResultReply,
    answer_says="Validation result",
    answer_example=examples.VERDICT,
    refusals={400: _BAD_BODY},
)
GET_POST = Operation(
    id="getPost",
    tag="Posts",
    summary="Get post details",
    parameters=[_POST_ID],
    answer=replies.PostReply,
    answer_says="Post details",
    answer_example=examples.POST,
)
UPDATE_POST = Operation(
    id="updatePost",
    tag="Posts",
    summary="Update a post",
    description="Only DRAFT and QUEUED posts can be edited. Use to reschedule, change caption, or move to draft. What is "
    "left out stays as it is; `timezone` alone changes nothing. `status` `CANCELLED` cancels, for good.",
    parameters=[_POST_ID],
    body=serializers.UpdatePostRequest,
    body_examples={
        "reschedule": {"scheduledAt": "2026-04-16T09:00:00Z"},
        "now": {"status": "QUEUED", "scheduledAt": None},
        "cancel": {"status": "CANCELLED"},
    },
    answer=replies.PostReply,
    answer_says="Updated post",
    answer_example=examples.QUEUED,
    refusals={409: _NOT_EDITABLE},
)
DELETE_POST = Operation(
    id="deletePost",
    tag="Posts",
    summary="Delete or cancel a post",
    description="Hard-deletes DRAFT posts. Cancels QUEUED/PUBLISHED/FAILED posts (sets status to CANCELLED). Cannot delete "
    "a post currently being published. A published post stays on its network: its ids and times are kept here, and it "
    "is not taken down there. Cancelling twice changes nothing.",
    parameters=[_POST_ID],
    answer=PolymorphicProxySerializer(
        component_name="DeleteResult",
        serializers=[replies.DeletedPostReply, replies.PostReply],
        resource_type_field_name=None,
    ),
    answer_says="Deleted or cancelled",
    answer_example={"id": "post_abc123", "deleted": True},
    refusals={
        409: refused(
            "CONFLICT",
            "The post is being published.",
            publishing="The post is being published right now. Try again when that has ended.",
        )
    },
)
DUPLICATE_POST = Operation(
    id="duplicatePost",
    tag="Posts",
    summary="Duplicate a post",
    description="Clones a post for reposting or rescheduling. Defaults to a DRAFT copy on the same channel. Counts as "
    "creating one.",
    parameters=[_POST_ID],
    body=serializers.DuplicatePostRequest,
    body_examples={
        "draft": {},
        "elsewhere": {"accountIds": ["chan_def456"], "status": "QUEUED", "scheduledAt": "2026-04-16T09:00:00Z"},
    },
    answer=replies.DuplicatedPostsReply,
    answer_status=201,
    answer_says="Duplicated post(s)",
    answer_example={
        "duplicatedFrom": "post_abc123",
        "posts": [{**examples.SUMMARY, "id": "post_def456", "status": "DRAFT"}],
        "groupId": None,
    },
    idempotent=True,
)
LIST_POST_LOGS = Operation(
    id="listPostLogs",
    tag="Posts",
    summary="Get publish attempt logs",
    description="Returns analytics events for this post (publish attempts, successes, failures), oldest first: every step "
    "with what the network answered, whether it is tried again, and what to do next.",
    parameters=[_POST_ID],
    answer=replies.PostLogsReply,
    answer_says="Log entries",
    answer_example=examples.LOGS,
)
RETRY_POST = Operation(
    id="retryPost",
    tag="Posts",
    summary="Retry a failed post",
    description="Queues a FAILED post again, from the beginning. Not one whose `errorCode` is `UNCONFIRMED`: it may be out "
    "already, so reconcile or resolve it first.",
    parameters=[_POST_ID],
    answer=replies.PostReply,
    answer_says="The post, QUEUED",
    answer_example={**examples.QUEUED, "scheduledAt": None},
    refusals={
        409: refused(
            "CONFLICT",
            "The post has not failed, or its outcome is unconfirmed.",
            published="Only a failed post can be retried; this one is PUBLISHED.",
            unconfirmed="It is not known whether this post went out. Reconcile it, or say so by resolve, first.",
        )
    },
)
RECONCILE_POST = Operation(
    id="reconcilePost",
    tag="Posts",
    summary="Read the network again",
    description="For a FAILED post whose `errorCode` is `UNCONFIRMED`: reads the account at its network again to learn "
    "whether the post went out. The post is PUBLISHING meanwhile. Nothing is sent a second time unless the network "
    "shows that it is not there.",
    parameters=[_POST_ID],
    answer=replies.PostReply,
    answer_says="The post, PUBLISHING while the network is read",
    answer_example={**examples.QUEUED, "status": "PUBLISHING", "scheduledAt": None},
    refusals={
        409: refused(
            "CONFLICT",
            "The post's outcome is not in doubt.",
            certain="Only a post whose outcome is unconfirmed can be reconciled.",
        )
    },
)
RESOLVE_POST = Operation(
    id="resolvePost",
    tag="Posts",
    summary="Say what became of a post",
    description="For a FAILED post whose `errorCode` is `UNCONFIRMED`: takes the word of a person who has looked at the "
    "account. `published` makes it PUBLISHED, `failed` leaves it FAILED so that it can be retried.",
    parameters=[_POST_ID],
    body=serializers.ResolvePostRequest,
    body_examples={"published": {"as": "published"}},
    answer=replies.PostReply,
    answer_says="The post as it is now",
    answer_example=examples.POST,
    refusals={
        409: refused(
            "CONFLICT",
            "The post's outcome is not in doubt.",
            certain="Only a post whose outcome is unconfirmed can be resolved.",
        )
    },
)
UPLOAD_MEDIA = Operation(
    id="uploadMedia",
    tag="Media",
    summary="Upload media",
    description="Two modes:\n\n"
    "**1. Multipart upload** (`multipart/form-data` with `file` field) — for files under 4.5MB.\n\n"
    "**2. URL ingestion** (`application/json` with `{url, filename}`) — fetches from a public URL, supports any size.\n\n"
    "You can also skip this entirely and pass any public URL directly in `mediaUrls` when creating posts.\n\n"
    "Limits: images 10MB, videos 100MB. Rate limit {limit:MEDIA}. What a file is, is read from its bytes: JPEG, PNG, GIF, "
    "WebP, MP4, QuickTime and WebM are taken.",
    body={
        "application/json": serializers.UploadUrlRequest,
        "multipart/form-data": serializers.UploadFileRequest,
    },
    body_examples={"url": {"url": "https://example.com/large-video.mp4", "filename": "video.mp4"}},
    answer=replies.MediaReply,
    answer_status=201,
    answer_says="Uploaded",
    answer_example=examples.MEDIA,
    refusals={
        400: invalid(
            "The file is not there, is no image or video, or is larger than its kind may be.",
            file=("file", "Send the file in a field called file."),
            large=("url", "The file is larger than the 100 MB allowed for a video."),
            private=("url", "The host localhost is not on the public internet."),
        ),
        413: refused(
            "PAYLOAD_TOO_LARGE",
            "A file in the request is over 4.5MB.",
            file="A file in the request may have 4.5 MB. Send its public URL instead.",
        ),
    },
    idempotent=True,
)
