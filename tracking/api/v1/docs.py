"""What the API says of its operations on links: words, examples, and the errors that are an operation's own."""

from drf_spectacular.types import OpenApiTypes

from chat33.api.refusals import invalid
from chat33.api.schema import Operation, id_of, page_parameters, query
from tracking.api.v1 import examples, replies, serializers
from tracking.links.stats import MOST_DAYS

_LINK_ID = id_of("The link's")
_KIND = {"$ref": "#/components/schemas/LinkKind"}
_BAD_LINK = invalid(
    "The body is not valid, or names a contact or an account you do not have.",
    missing=("url", "Where does it lead? Write an address."),
    scheme=("url", "Only http and https addresses can be tracked."),
    own=("url", "The address is one of our own links: it would lead round in circles."),
    taken=("code", "This short address is taken. Choose another."),
    unknown=("contactId", "There is no such contact."),
    utm=("utm.campaign", "The campaign is missing."),
)

LIST_LINKS = Operation(
    id="listLinks",
    tag="Links",
    summary="List links",
    description="Paginated list of links, newest first. Archived ones are listed with `archived=true`, alone.",
    parameters=[
        query("q", "Words of the title, the address or the campaign; or a short address", {"type": "string"}),
        query("kind", "Filter by kind", _KIND),
        query("folder", "Filter by folder", {"type": "string"}),
        query("tag", "Filter by tag", {"type": "string"}),
        query("archived", "Those put away", {"type": "boolean", "default": False}),
        *page_parameters(),
    ],
    answer=replies.LinkPageReply,
    answer_says="Paginated link list",
    answer_example={"items": [examples.LINK], "total": 1, "page": 1, "limit": 20, "hasMore": False},
    refusals={
        400: invalid(
            "A filter has a value that it never has, or a page is no number.",
            page=("page", "Use a whole number from 1."),
        )
    },
)
CREATE_LINK = Operation(
    id="createLink",
    tag="Links",
    summary="Create a link",
    description="Makes a short link that counts people, previews and bots apart. With `iosUrl`, `androidUrl` or `deepLink` "
    "it is a smart link that leads elsewhere on a phone; with `utm` a UTM link; with `store` its targets in the stores are "
    "built. Whoever follows it arrives with `cid`, `fid` and `ch`, as far as they are known, and the pixel confirms the "
    "click. To send one link to many people, add `?cid=` to `shortUrl`.",
    body=serializers.CreateLinkRequest,
    body_examples={
        "tracked": examples.TRACKED,
        "utm": examples.UTM_LINK,
        "smart": examples.SMART,
        "app store": examples.STORE_LINK,
    },
    answer=replies.LinkReply,
    answer_status=201,
    answer_says="Link created",
    answer_example={**examples.LINK, "clicks": 0},
    refusals={400: _BAD_LINK},
    idempotent=True,
)
GET_LINK = Operation(
    id="getLink",
    tag="Links",
    summary="Get a link",
    parameters=[_LINK_ID],
    answer=replies.LinkReply,
    answer_says="The link",
    answer_example=examples.LINK,
)
UPDATE_LINK = Operation(
    id="updateLink",
    tag="Links",
    summary="Update a link",
    description="Changes where it leads and what it is called; its short address stays. `archived` `false` brings an "
    "archived link back.",
    parameters=[_LINK_ID],
    body=serializers.PatchLinkRequest,
    body_examples={
        "target": {"url": "https://yoursite.com/sale-2"},
        "end": {"expiresAt": "2027-01-01T00:00:00Z", "expiredUrl": "https://yoursite.com/over"},
        "restore": {"archived": False},
    },
    answer=replies.LinkReply,
    answer_says="The link as it is now",
    answer_example=examples.LINK,
    refusals={400: _BAD_LINK},
)
DELETE_LINK = Operation(
    id="deleteLink",
    tag="Links",
    summary="Archive a link",
    description="Its short address leads nowhere any more and is never given to another link; its figures stay.",
    parameters=[_LINK_ID],
    answer=replies.LinkReply,
    answer_says="The archived link",
    answer_example=examples.ARCHIVED,
)
LINK_STATS = Operation(
    id="getLinkStats",
    tag="Links",
    summary="Get a link's figures",
    description="By day, in your organization's zone: people, previews of messengers, bots, and how many of the people the "
    "pixel saw arrive. Where they came from is told of the latest clicks of the period.",
    parameters=[
        _LINK_ID,
        query(
            "days", "How many days, up to today", {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": 30}
        ),
    ],
    answer=replies.LinkStatsReply,
    answer_says="The figures",
    answer_example=examples.STATS,
    refusals={400: invalid("`days` is no such number.", days=("days", f"Use a whole number from 1 to {MOST_DAYS}."))},
)
LINK_QR = Operation(
    id="getLinkQr",
    tag="Links",
    summary="Get a link's QR code",
    description="Black on white, to print at any size.",
    parameters=[_LINK_ID],
    answer=OpenApiTypes.STR,
    answer_type="image/svg+xml",
    answer_says="The picture",
    answer_example=examples.QR,
)
WRAP_LINK = Operation(
    id="wrapLink",
    tag="Links",
    summary="Wrap a link",
    description="The address to send instead of one of yours: `GET /api/t` records the click, then leads on with `cid`, "
    "`fid` and `ch`, so that the pixel knows the visitor. It is signed: nobody can bend it to another place or person, and "
    "it leads to any host without a question. Nothing is stored, so a link for each of a million people costs nothing.",
    body=serializers.WrapRequest,
    body_examples={"flow": {"url": "https://yoursite.com/signup", "contactId": "cm1abc123", "flowId": "flow123"}},
    answer=replies.WrappedReply,
    answer_says="The tracked link",
    answer_example=examples.WRAPPED,
    refusals={
        400: invalid(
            "The address is none, or the body names a contact or an account you do not have.",
            scheme=("url", "Only http and https addresses can be tracked."),
            unknown=("contactId", "There is no such contact."),
        )
    },
)
BUILD_UTM = Operation(
    id="buildUtmLink",
    tag="Links",
    summary="Build a UTM link",
    description="Adds UTM parameters to an address, in lower case with hyphens for spaces unless `exact`, so that a "
    "campaign is one row in analytics. Nothing is stored. `warnings` name what was changed, and words that are not in "
    "your vocabulary.",
    body=serializers.BuildUtmRequest,
    body_examples={"social": {"url": "https://yoursite.com/sale", **examples.UTM}},
    answer=replies.BuiltUtmReply,
    answer_says="The link",
    answer_example=examples.BUILT_UTM,
    refusals={
        400: invalid(
            "The address is none, or a parameter is missing.", missing=("campaign", "The campaign is missing.")
        )
    },
)
BUILD_STORE = Operation(
    id="buildStoreLink",
    tag="Links",
    summary="Build app store links",
    description="Campaign links for the App Store (`pt`, `ct`) and Google Play (`referrer`). Nothing is stored. "
    "`warnings` name what a store may cut, and words for Google Play that are not in your vocabulary.",
    body=serializers.BuildStoreRequest,
    body_examples={"both": examples.STORES},
    answer=replies.BuiltStoreReply,
    answer_says="The links",
    answer_example=examples.BUILT_STORES,
    refusals={
        400: invalid(
            "An app or a campaign is none that its store knows.",
            missing=("appStore", "Write an app of the App Store, of Google Play, or both."),
        )
    },
)
