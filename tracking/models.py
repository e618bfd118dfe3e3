"""What came back: tokens that open the doors, links that lead out, and events; events are read from rollups.

``Event`` and ``EventKey`` are written by the edge (``tracking.edge``) with SQL of their own. Events are partitioned by the
month they came in; a key of an event is in a table of its own, because a partitioned table can only promise what is unique
within a month. What is written with each event has no foreign key in the database: to check one costs as much as to store
the row, and organizations are deleted by Django, which knows.
"""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex, HashIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from contacts.models import Contact, Label
from integrations.models import Channel
from tracking.journey_models import AttributionSetting as AttributionSetting
from tracking.journey_models import Conversion as Conversion
from tracking.journey_models import Recognition as Recognition
from tracking.journey_models import Recount as Recount
from tracking.journey_models import Touch as Touch


def token_id() -> str:
    """``tok_…``."""
    return new_id("tok")


def link_id() -> str:
    """``link_…``."""
    return new_id("link")


def domain_id() -> str:
    """``dom_…``."""
    return new_id("dom")


def term_id() -> str:
    """``term_…``."""
    return new_id("term")


class TokenKind(models.TextChoices):
    """Which door a token opens."""

    PIXEL = "pixel", "Pixel token"  # public, may only write
    SERVER = "server", "MMP token"  # the events API; the pixel takes it too
    MMP = "mmp", "MMP webhook secret"


class Token(models.Model):
    """What a website, a server or an MMP shows at our doors. Only a pixel token is kept readable: it is public."""

    public_id = models.CharField(max_length=40, unique=True, default=token_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tracking_tokens")
    kind = models.CharField(max_length=10, choices=TokenKind.choices)
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    shown = models.CharField(max_length=80, blank=True, help_text="The token itself, of a pixel's alone.")
    origins = ArrayField(
        models.CharField(max_length=260), default=list, blank=True, help_text="Origins that may send; none is any."
    )
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=utcnow, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Set when a newer one has taken over.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_origin = models.CharField(max_length=260, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.prefix}…"

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor taken over for good."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class Domain(models.Model):
    """A host that the organization has shown to be its own: unsigned links may lead there."""

    public_id = models.CharField(max_length=40, unique=True, default=domain_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253)
    challenge = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="When the proof was first not found.")
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["host"]
        constraints = [models.UniqueConstraint(fields=["organization", "host"], name="domain_once")]

    def __str__(self) -> str:
        return self.host


class LinkKind(models.TextChoices):
    """What kind of link it is."""

    TRACKED = "tracked", "Tracked link"
    SMART = "smart", "Smart link"
    UTM = "utm", "UTM link"
    STORE = "store", "App store link"


class Link(models.Model):
    """A stored link with a short code. Where it leads may depend on the device."""

    public_id = models.CharField(max_length=40, unique=True, default=link_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="links", db_index=False)
    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=10, choices=LinkKind.choices, default=LinkKind.TRACKED)
    title = models.CharField(max_length=200, blank=True)
    url = models.TextField(help_text="Where it leads without a better target.")
    ios_url = models.TextField(blank=True)
    android_url = models.TextField(blank=True)
    deep_link = models.TextField(blank=True, help_text="Opened first on a phone.")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    channel = models.ForeignKey(Channel, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    flow = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=100, blank=True)
    post = models.CharField(max_length=60, blank=True)
    influencer = models.CharField(max_length=100, blank=True)
    utm = models.JSONField(default=dict, blank=True)
    folder = models.CharField(max_length=80, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    expired_url = models.TextField(blank=True)
    click_limit = models.PositiveIntegerField(null=True, blank=True)
    clicks = models.PositiveBigIntegerField(default=0, help_text="By people; counted with each click.")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=utcnow, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="link_by_organization"),
            GinIndex(fields=["tags"], name="link_by_tags"),
            HashIndex(fields=["url"], name="link_by_url"),
            models.Index(
                fields=["organization", "created_at"],
                name="link_sent",
                condition=Q(contact__isnull=False) | ~Q(flow=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.code


class Term(models.Model):
    """A word of the organization's vocabulary for sources, media and campaigns."""

    public_id = models.CharField(max_length=40, unique=True, default=term_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="terms")
    field = models.CharField(max_length=10)
    value = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["field", "value"]
        constraints = [models.UniqueConstraint("organization", "field", Lower("value"), name="term_once")]

    def __str__(self) -> str:
        return f"{self.field}={self.value}"


def rule_id() -> str:
    """``rule_…``."""
    return new_id("rule")


class Rule(models.Model):
    """An event's name puts a label on its contact."""

    public_id = models.CharField(max_length=40, unique=True, default=rule_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="rules")
    event = models.CharField(max_length=100, help_text="In small letters; events are compared so.")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="rules")
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["event", "id"]
        constraints = [models.UniqueConstraint(fields=["organization", "event", "label"], name="rule_once")]

    def __str__(self) -> str:
        return f"{self.event} → {self.label}"


class Source(models.TextChoices):
    """Which door an event came through."""

    PIXEL = "pixel"
    SERVER = "server"
    LINK = "link"
    MMP = "mmp"


class Event(models.Model):
    """Something that happened: a page view, a click, a purchase, an install. Partitioned by ``received_at``."""

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.DO_NOTHING, related_name="+")
    key = models.UUIDField(help_text="Of its event id; unique in the organization.")
    event_id = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=6, choices=Source.choices)
    by = models.CharField(max_length=10, help_text="Who caused it: person, bot, preview, prefetch, server.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    contact_ref = models.CharField(max_length=64, help_text="The contact id as it was given.")
    visitor = models.CharField(max_length=40)
    link = models.ForeignKey(Link, on_delete=models.DO_NOTHING, null=True, related_name="+")
    flow = models.CharField(max_length=60)
    channel = models.CharField(max_length=60)
    campaign = models.CharField(max_length=100)
    post = models.CharField(max_length=60)
    influencer = models.CharField(max_length=100)
    url = models.TextField()
    referrer = models.TextField()
    agent = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3)
    order_ref = models.CharField(max_length=100)
    verified = models.BooleanField()
    confirmed_at = models.DateTimeField(null=True, help_text="Of a click: when the pixel saw the arrival.")
    data = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "tracking_event"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"


class EventKey(models.Model):
    """That an event of this id is there. One row an event, for as long as events are kept."""

    pk = models.CompositePrimaryKey("organization_id", "key")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.UUIDField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [BrinIndex(fields=["received_at"], name="eventkey_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return str(self.key)


class EventWork(models.Model):
    """An event that a worker has yet to look at: whose it is, what it earns, which labels follow. A row in the queue."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    event = models.BigIntegerField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    fence = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_at"], name="eventwork_due")]

    def __str__(self) -> str:
        return str(self.event)


class Axis(models.IntegerChoices):
    """What a rollup is by."""

    TOTAL = 0
    SOURCE = 1
    LINK = 2
    CAMPAIGN = 3
    FLOW = 4
    CHANNEL = 5
    POST = 6
    INFLUENCER = 7


class Rollup(models.Model):
    """How often an event happened on a day of the organization's zone, by an axis, and what it was worth."""

    pk = models.CompositePrimaryKey("organization_id", "axis", "ref", "name", "by", "currency", "day")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    axis = models.PositiveSmallIntegerField(choices=Axis.choices)
    ref = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    by = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    events = models.BigIntegerField()
    verified = models.DecimalField(max_digits=24, decimal_places=4)
    unverified = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        indexes = [models.Index(fields=["organization", "axis", "day"], name="rollup_by_day")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"


class Visitor(models.Model):
    """That a visitor was there on a day."""

    pk = models.CompositePrimaryKey("organization_id", "day", "visitor")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField()
    visitor = models.CharField(max_length=40)

    class Meta:
        indexes = [
            # The smallest hashes of a day are a sample of its visitors.
            models.Index(
                models.F("organization"),
                models.F("day"),
                models.Func(models.F("visitor"), models.Value(0), function="hashtextextended"),
                name="visitor_by_hash",
            )
        ]

    def __str__(self) -> str:
        return self.visitor


class Ledger(models.Model):
    """What came to a door on a day: accepted is stored and duplicate together; rejected was answered so."""

    pk = models.CompositePrimaryKey("organization_id", "day", "source")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    source = models.CharField(max_length=6, choices=Source.choices)
    received = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.source} on {self.day}"


class TokenUse(models.Model):
    """How many events of a limited token were accepted at a moment, in milliseconds since 1970."""

    pk = models.CompositePrimaryKey("token_id", "moment")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="uses", db_index=False)
    moment = models.BigIntegerField()
    events = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.token_id} {self.moment}"


class Word(models.Model):
    """A word that an organization's rollups know: an event's name, a flow, a channel. How many there may be is bounded
    (``tracking.edge.words``), so that strangers cannot make rollups grow without end.
    """

    pk = models.CompositePrimaryKey("organization_id", "kind", "word")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.PositiveSmallIntegerField(help_text="0 a name, else the axis.")
    word = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.word


class PostbackStatus(models.TextChoices):
    """What became of an MMP's postback."""

    PENDING = "PENDING"
    MATCHED = "MATCHED"
    UNMATCHED = "UNMATCHED"
    AGGREGATE = "AGGREGATE"
    DUPLICATE = "DUPLICATE"
    IGNORED = "IGNORED"
    UNREADABLE = "UNREADABLE"


def postback_id() -> str:
    """``pb_…``."""
    return new_id("pb")


class Postback(models.Model):
    """An MMP's message as it came, kept before anything else, and what was made of it."""

    public_id = models.CharField(max_length=40, unique=True, default=postback_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="postbacks", db_index=False)
    received_at = models.DateTimeField(default=utcnow)
    method = models.CharField(max_length=6)
    content_type = models.CharField(max_length=100, blank=True)
    query = models.TextField(blank=True, help_text="Without the secret.")
    body = models.TextField(blank=True)
    is_test = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=PostbackStatus.choices, default=PostbackStatus.PENDING)
    why = models.TextField(blank=True, help_text="In plain words.")
    mmp = models.CharField(max_length=10, blank=True)
    event_name = models.CharField(max_length=100, blank=True)
    key = models.CharField(max_length=120, blank=True, help_text="What tells it from others of the same MMP.")
    contact_ref = models.CharField(max_length=64, blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="postbacks")
    stored_as = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Id of the event or report that it brought."
    )
    fields = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], name="postback_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["organization", "-id"], name="postback_by_organization"),
            models.Index(
                fields=["organization", "contact_ref"], name="postback_waiting", condition=Q(status="UNMATCHED")
            ),
            models.Index(fields=["organization", "status", "-id"], name="postback_by_status"),
            models.Index(fields=["organization", "stored_as"], name="postback_by_event", condition=~Q(stored_as="")),
        ]

    def __str__(self) -> str:
        return self.public_id


class StoreAggregate(models.Model):
    """Installs that a store reports without saying whose: SKAdNetwork and AdAttributionKit, by campaign."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="store_aggregates")
    key = models.CharField(max_length=120, help_text="The postback's own, so that it counts once.")
    day = models.DateField()
    framework = models.CharField(max_length=10)
    network = models.CharField(max_length=100, blank=True)
    campaign = models.CharField(max_length=100, blank=True)
    app = models.CharField(max_length=100, blank=True)
    conversion = models.CharField(max_length=20, blank=True)
    won = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="store_aggregate_once")]

    def __str__(self) -> str:
        return self.key


class Model(models.TextChoices):
    """How credit is given."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"


class Credit(models.Model):
    """A share of an event's worth given to a touch before it, by a model. Recomputable: rows are replaced as a whole."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_key = models.UUIDField()
    day = models.DateField()
    name = models.CharField(max_length=100)
    model = models.CharField(max_length=6, choices=Model.choices)
    certainty = models.CharField(max_length=10, help_text="certain, probable, or none where no touch is known.")
    share = models.DecimalField(max_digits=9, decimal_places=8)
    value = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    currency = models.CharField(max_length=3, blank=True)
    verified = models.BooleanField(default=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    link = models.ForeignKey(Link, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    campaign = models.CharField(max_length=100, blank=True)
    flow = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    post = models.CharField(max_length=60, blank=True)
    influencer = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["organization", "event_key"], name="credit_by_event"),
            models.Index(fields=["organization", "model", "day"], name="credit_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.share}"


class CreditRollup(models.Model):
    """What an axis earned on a day by a model: the sum of its credits, kept in the transaction that writes them."""

    pk = models.CompositePrimaryKey("organization_id", "model", "axis", "ref", "name", "certainty", "currency", "day")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    model = models.CharField(max_length=6, choices=Model.choices)
    axis = models.PositiveSmallIntegerField(choices=Axis.choices)
    ref = models.CharField(max_length=100, blank=True, help_text="As rollups have it; blank is what no touch earned.")
    name = models.CharField(max_length=100)
    certainty = models.CharField(max_length=10)
    currency = models.CharField(max_length=3, blank=True)
    day = models.DateField()
    share = models.DecimalField(max_digits=24, decimal_places=8)
    verified = models.DecimalField(max_digits=24, decimal_places=8)
    unverified = models.DecimalField(max_digits=24, decimal_places=8)

    class Meta:
        indexes = [models.Index(fields=["organization", "model", "axis", "day"], name="credit_rollup_by_day")]

    def __str__(self) -> str:
        return f"{self.model} {self.ref} on {self.day}"
