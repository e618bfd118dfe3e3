"""What the API says of its operations on contacts: words, examples, and the errors that are their own."""

from typing import Any

from chat33.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from chat33.api.refusals import invalid
from chat33.api.schema import Operation, id_of, query
from contacts.api.v1 import replies, serializers
from contacts.models import Kind
from contacts.selectors import SEARCHED

_CONTACT: dict[str, Any] = {
    "id": "cm1abc123",
    "name": "Ada Byron",
    "email": "ada@example.com",
    "phone": "+44 20 7946 0018",
    "source": "api",
    "labels": ["Purchased", "VIP"],
    "createdAt": "2026-04-15T08:00:00.000Z",
    "updatedAt": "2026-04-15T08:00:00.000Z",
    "lastSeenAt": "2026-04-15T14:03:21.000Z",
}
_ENTRY = {
    "at": "2026-04-15T14:03:21.000Z",
    "kind": "purchase",
    "title": "purchase, 49.99 USD",
    "data": {"event": "purchase", "source": "server", "value": "49.9900", "currency": "USD", "verified": True},
}
_CURSOR = query("cursor", "The `nextCursor` of the page before.", {"type": "string", "maxLength": 80})
_LIMIT = query(
    "limit",
    f"Items on a page, at most {MAX_LIMIT}; more means {MAX_LIMIT}.",
    {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT},
)
_ID = id_of("The contact's")
_BAD = invalid(
    "The body is not valid.",
    nobody=("", "A contact needs a name, an e-mail address or a phone number."),
    email=("email", "This is not an e-mail address."),
)
_BAD_PAGE = invalid(
    "A cursor is none of ours, or a limit is no number.", cursor=("cursor", "Use the nextCursor of a page before.")
)

LIST_CONTACTS = Operation(
    id="listContacts",
    tag="Contacts",
    summary="List contacts",
    description="Your contacts, newest first, with their labels. Follow `nextCursor` for the next page; nothing is counted, "
    "so that the last page of a million costs as much as the first.",
    parameters=[
        query(
            "search",
            "The beginnings of words in names, e-mail addresses and phone numbers.",
            {"type": "string", "maxLength": SEARCHED},
        ),
        query("label", "Those who have the label of this name.", {"type": "string"}),
        query("email", "Those of this e-mail address, the whole of it.", {"type": "string"}),
        query("phone", "Those of this phone number, as it was written.", {"type": "string"}),
        _CURSOR,
        _LIMIT,
    ],
    answer=replies.ContactListReply,
    answer_says="A page of contacts",
    answer_example={"items": [_CONTACT], "limit": 20, "hasMore": False, "nextCursor": None},
    refusals={400: _BAD_PAGE},
)
CREATE_CONTACT = Operation(
    id="createContact",
    tag="Contacts",
    summary="Create a contact",
    description="Two contacts may share an e-mail address or a phone number; look with `GET /contacts?email=` first where "
    "that is not wanted, or send an `Idempotency-Key` where only a repetition is to be kept out.",
    body=serializers.CreateContactRequest,
    body_examples={
        "labelled": {"name": "Ada Byron", "email": "ada@example.com", "phone": "+44 20 7946 0018", "labels": ["VIP"]}
    },
    answer=replies.ContactReply,
    answer_status=201,
    answer_says="The contact",
    answer_example={**_CONTACT, "labels": ["VIP"], "lastSeenAt": None},
    refusals={400: _BAD},
    idempotent=True,
)
GET_CONTACT = Operation(
    id="getContact",
    tag="Contacts",
    summary="Get a contact",
    description="One contact with its labels and the newest of its timeline.",
    parameters=[_ID],
    answer=replies.ContactDetailsReply,
    answer_says="The contact",
    answer_example={**_CONTACT, "timeline": [_ENTRY]},
)
UPDATE_CONTACT = Operation(
    id="updateContact",
    tag="Contacts",
    summary="Update a contact",
    description="Changes what is named and leaves the rest. `labels` replaces all of them; `addLabels` and `removeLabels` "
    "change some.",
    parameters=[_ID],
    body=serializers.UpdateContactRequest,
    body_examples={"labels": {"addLabels": ["VIP"]}, "known": {"name": "Ada Lovelace", "phone": None}},
    answer=replies.ContactReply,
    answer_says="The contact",
    answer_example=_CONTACT,
    refusals={400: _BAD},
)
DELETE_CONTACT = Operation(
    id="deleteContact",
    tag="Contacts",
    summary="Delete a contact",
    description="The contact is found no more, and no event is told of it.",
    parameters=[_ID],
    answer=replies.DeletedContactReply,
    answer_says="Deleted",
    answer_example={"id": "cm1abc123", "deleted": True},
)
GET_TIMELINE = Operation(
    id="getContactTimeline",
    tag="Contacts",
    summary="Get a contact's timeline",
    description="What happened to and by the contact, newest first: messages, clicks, page views, purchases, labels.",
    parameters=[
        _ID,
        query("kind", "Only what is of this kind.", {"type": "string", "enum": list(Kind.values)}),
        _CURSOR,
        _LIMIT,
    ],
    answer=replies.TimelineReply,
    answer_says="A page of the timeline",
    answer_example={"items": [_ENTRY], "hasMore": False, "nextCursor": None},
    refusals={400: _BAD_PAGE},
)
