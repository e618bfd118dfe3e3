"""What requests and replies about links look like, for their documentation."""

from typing import Any

TRACKED = {"url": "https://yoursite.com/signup", "title": "Sign up", "flowId": "flow123", "tags": ["launch"]}
UTM = {"source": "instagram", "medium": "social", "campaign": "spring-sale"}
UTM_LINK = {"url": "https://yoursite.com/sale", "utm": UTM, "folder": "Spring"}
SMART = {
    "url": "https://yoursite.com/app",
    "iosUrl": "https://apps.apple.com/app/id1234567890",
    "androidUrl": "https://play.google.com/store/apps/details?id=com.yourcompany.app",
    "deepLink": "yourapp://welcome",
    "influencerId": "mia",
    "clickLimit": 1000,
}
STORES = {
    "appStore": {"app": "1234567890", "provider": "118326", "campaign": "spring sale"},
    "googlePlay": {"package": "com.yourcompany.app", **UTM},
}
STORE_LINK = {"title": "Get the app", "kind": "store", "store": STORES}
IOS_URL = "https://apps.apple.com/app/apple-store/id1234567890?pt=118326&ct=spring+sale&mt=8"
ANDROID_URL = (
    "https://play.google.com/store/apps/details?id=com.yourcompany.app"
    "&referrer=utm_source%3Dinstagram%26utm_medium%3Dsocial%26utm_campaign%3Dspring-sale"
)
UTM_URL = "https://yoursite.com/sale?utm_source=instagram&utm_medium=social&utm_campaign=spring-sale"
WRAPPED = {
    "url": "https://chat33.io/api/t?url=https%3A%2F%2Fyoursite.com%2Fsignup&cid=cm1abc123&fid=flow123"
    "&s=org_abc123.q3Xn0v8kT1uY5wZ2aBcDeF"
}
BUILT_UTM = {"url": UTM_URL, "utm": UTM, "channelGroup": "Organic Social", "warnings": []}
BUILT_STORES = {"iosUrl": IOS_URL, "androidUrl": ANDROID_URL, "warnings": []}
LINK: dict[str, Any] = {
    "id": "link_abc123",
    "kind": "utm",
    "code": "k7Qm2xPd",
    "shortUrl": "https://chat33.io/l/k7Qm2xPd",
    "qrUrl": "https://chat33.io/api/v1/links/link_abc123/qr.svg",
    "title": "",
    "url": UTM_URL,
    "iosUrl": "",
    "androidUrl": "",
    "deepLink": "",
    "contactId": None,
    "channelId": None,
    "flowId": "",
    "campaign": "spring-sale",
    "postId": "",
    "influencerId": "",
    "utm": UTM,
    "folder": "Spring",
    "tags": [],
    "expiresAt": None,
    "expiredUrl": "",
    "clickLimit": None,
    "clicks": 42,
    "archivedAt": None,
    "createdBy": "key_abc123",
    "createdAt": "2026-04-15T13:59:30.120Z",
    "updatedAt": "2026-04-15T13:59:30.120Z",
}
ARCHIVED = {**LINK, "archivedAt": "2026-05-01T08:00:00.000Z"}
_CLICKS = {"people": 42, "confirmed": 31, "previews": 12, "prefetches": 0, "bots": 3, "expired": 0}
STATS = {
    "id": "link_abc123",
    "first": "2026-04-15",
    "last": "2026-04-15",
    "timezone": "America/New_York",
    "total": _CLICKS,
    "days": [{"date": "2026-04-15", **_CLICKS}],
    "referrers": [{"name": "l.instagram.com", "clicks": 30}, {"name": "", "clicks": 12}],
    "devices": [{"name": "ios", "clicks": 28}, {"name": "android", "clicks": 14}],
    "previews": [{"name": "WhatsApp", "clicks": 12}],
    "sourcesOf": 57,
}
QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 264 264" class="segno"><path d="M4 4.5h7"/></svg>'
