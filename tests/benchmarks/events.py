"""Many events quickly: PostgreSQL makes them, month by month, then sums up what the edge and the workers would have kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tracking.events.partitions import TABLE, Month, months
from tracking.models import Link

LINKS, CAMPAIGNS, POSTS, FLOWS, CHANNELS, INFLUENCERS, VISITORS = 1_000, 100, 300, 40, 8, 30, 0.15

# An event's number decides all of it, so that whatever is asked of them has an answer that can be checked: of a hundred, 60
# page views, 25 clicks, 12 others, 2 signups, 1 purchase, and one in twenty by a robot.
_EVENTS = """
INSERT INTO {table} (id, organization_id, received_at, occurred_at, link_id, key, verified, event_id, name, source, by,
    contact_ref, visitor, flow, channel, campaign, post, influencer, url, referrer, agent, value, currency, order_ref, data)
SELECT %(before)s + i, %(of)s, at, at, CASE WHEN sort >= 60 THEN %(link)s + link END, gen_random_uuid(),
    sort >= 99 AND i %% 3 = 0, 'evt_' || i,
    CASE WHEN sort < 60 THEN 'page_view' WHEN sort < 85 THEN 'click' WHEN sort < 90 THEN 'scrolled'
        WHEN sort < 97 THEN 'tutorial_complete' WHEN sort < 99 THEN 'signup' ELSE 'purchase' END,
    CASE WHEN sort BETWEEN 60 AND 84 THEN 'link' ELSE 'pixel' END, CASE WHEN i %% 20 = 0 THEN 'bot' ELSE 'person' END,
    CASE WHEN i %% 3 = 0 THEN 'cm' || lpad((i %% 100000)::text, 26, '0') ELSE '' END,
    'v' || (hashint8(i / 7) & 2147483647) %% %(visitors)s,
    CASE WHEN sort >= 60 THEN 'flow_' || link %% %(flows)s ELSE '' END,
    CASE WHEN sort >= 60 THEN 'chan_' || link %% %(channels)s ELSE '' END,
    CASE WHEN sort >= 60 THEN 'campaign-' || link %% %(campaigns)s ELSE '' END,
    CASE WHEN sort >= 60 THEN 'post_' || link %% %(posts)s ELSE '' END,
    CASE WHEN sort >= 60 THEN 'influencer-' || link %% %(influencers)s ELSE '' END,
    'https://shop.example/p/' || i %% 500, '', 'desktop', CASE WHEN sort >= 99 THEN (i %% 9000)::numeric / 100 + 1 END,
    CASE WHEN sort >= 99 THEN CASE WHEN i %% 4 = 0 THEN 'USD' ELSE 'EUR' END ELSE '' END, '', '{{}}'::jsonb
FROM (
    SELECT i, (hashint8(i) & 2147483647) %% 100 AS sort, (hashint8(i * 31) & 2147483647) %% %(links)s AS link,
        %(since)s::timestamptz + i::float8 / %(count)s * (%(until)s::timestamptz - %(since)s::timestamptz) AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i
) AS made
WHERE at >= %(begin)s AND at < %(end)s
"""
_SUMS = """
CREATE TEMPORARY TABLE summed AS
SELECT organization_id, source, coalesce(link_id::text, '') AS link, campaign, flow, channel, post, influencer, name, by,
    currency, received_at::date AS day, count(*) AS events, coalesce(sum(value) FILTER (WHERE verified), 0) AS verified,
    coalesce(sum(value) FILTER (WHERE NOT verified), 0) AS unverified
FROM tracking_event GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
"""
_ROLLUPS = """
INSERT INTO tracking_rollup (organization_id, axis, ref, name, by, currency, day, events, verified, unverified)
SELECT organization_id, axis, ref, name, by, currency, day, sum(events), sum(verified), sum(unverified)
FROM summed CROSS JOIN LATERAL (VALUES (0, ''), (1, source), (2, link), (3, campaign), (4, flow), (5, channel), (6, post),
    (7, influencer)) AS axes(axis, ref)
WHERE axis = 0 OR ref <> '' GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_VISITED = """
INSERT INTO tracking_visitor (organization_id, day, visitor)
SELECT DISTINCT organization_id, received_at::date, visitor FROM tracking_event WHERE by = 'person' AND visitor <> ''
"""
_LEDGER = """
INSERT INTO tracking_ledger (organization_id, day, source, received, stored, duplicates, rejected)
SELECT organization_id, day, source, sum(events), sum(events), 0, 0 FROM summed GROUP BY 1, 2, 3
"""
_CREDITS = """
INSERT INTO tracking_credit (organization_id, event_key, day, name, model, certainty, share, value, currency, verified,
    link_id, campaign, flow, channel, post, influencer)
SELECT organization_id, key, received_at::date, name, model, CASE WHEN contact_ref = '' THEN 'probable' ELSE 'certain' END,
    1, value, currency, verified, link_id, campaign, flow, channel, post, influencer
FROM tracking_event CROSS JOIN (VALUES ('first'), ('last'), ('linear')) AS models(model)
WHERE name IN ('signup', 'purchase') AND by = 'person'
"""
_CONVERSIONS = """
INSERT INTO tracking_conversion (organization_id, key, event, received_at, at, day, name, value, currency, order_ref,
    verified, visitor, flow, channel, earns, counted_verified)
SELECT organization_id, key, id, received_at, received_at, received_at::date, name, value, currency, '', verified, visitor,
    flow, channel, true, verified
FROM tracking_event WHERE name IN ('signup', 'purchase') AND by = 'person'
"""
_EARNED = """
INSERT INTO tracking_creditrollup
    (organization_id, model, axis, ref, name, certainty, currency, day, share, verified, unverified)
SELECT organization_id, model, axis, ref, name, certainty, currency, day, sum(share),
    coalesce(sum(value) FILTER (WHERE verified), 0), coalesce(sum(value) FILTER (WHERE NOT verified), 0)
FROM tracking_credit CROSS JOIN LATERAL (VALUES (0, ''), (2, coalesce(link_id::text, '')), (3, campaign), (4, flow),
    (5, channel), (6, post), (7, influencer)) AS axes(axis, ref)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
# A look at each foreign key would cost as much as the rows.
_FREE = """
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text
        IN ('tracking_credit', 'tracking_creditrollup', 'tracking_conversion', 'tracking_rollup', 'tracking_ledger')
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.of, found.conname); END LOOP;
END $$
"""
_TABLES = ("rollup", "visitor", "ledger", "credit", "conversion", "creditrollup", "link")


def fill(sizes: Mapping[Organization, int], *, days: int) -> None:
    """Give each organization so many events, even over the days until now, and all that is kept beside them."""
    until = utcnow()
    since = until - timedelta(days=days)
    firsts = {organization: _links(organization) for organization in sizes}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(_FREE)
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        month = Month.of(since)
        while month.first < until:
            _month(month, sizes, firsts, since=since, until=until)
            month = month.plus(1)
        cursor.execute("SELECT setval(pg_get_serial_sequence('tracking_event', 'id'), %s)", [sum(sizes.values()) + 1])
        for statement in (_SUMS, _ROLLUPS, _VISITED, _LEDGER, _CREDITS, _CONVERSIONS, _EARNED):
            cursor.execute(statement)
        cursor.execute("DROP TABLE summed")
        for table in _TABLES:
            cursor.execute(f"VACUUM (ANALYZE) tracking_{table}")
        cursor.execute("ANALYZE tracking_event")
        for setting in (
            "statement_timeout",
            "synchronous_commit",
            "work_mem",
            "maintenance_work_mem",
        ):
            cursor.execute(f"RESET {setting}")


def gigabytes() -> float:
    """What all of it takes on the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) / 1e9")
        (found,) = cursor.fetchone() or (0,)
    return float(found)


def _links(organization: Organization) -> int:
    """The number of the first of its links, which follow each other."""
    made = Link.objects.bulk_create(
        Link(organization=organization, code=f"{organization.pk}-{number}", url="https://shop.example/", created_by="bench",
             title=f"Link {number}", flow=f"flow_{number % FLOWS}")
        for number in range(LINKS)
    )  # fmt: skip
    return made[0].pk


def _month(
    month: Month,
    sizes: Mapping[Organization, int],
    links: Mapping[Organization, int],
    *,
    since: datetime,
    until: datetime,
) -> None:
    """The month's partition with its events; without indexes at first, for to build them afterwards is quicker."""
    bounds = [month.first, month.plus(1).first]
    before = 1  # events' numbers, one organization's after the other's
    with connection.cursor() as cursor:
        if month in months():
            cursor.execute(f"DROP TABLE {month.table}")
        cursor.execute(f"CREATE UNLOGGED TABLE {month.table} (LIKE {TABLE} INCLUDING DEFAULTS)")
        for organization, size in sizes.items():
            each = (until - since) / size
            cursor.execute(
                _EVENTS.format(table=month.table),
                {
                    "of": organization.pk, "before": before, "count": size, "link": links[organization],
                    "first": max(0, (bounds[0] - since) // each - 1), "last": min(size - 1, (bounds[1] - since) // each + 1),
                    "since": since, "until": until, "begin": bounds[0], "end": bounds[1],
                    "visitors": max(1, int(size * VISITORS)), "links": LINKS, "campaigns": CAMPAIGNS, "posts": POSTS,
                    "flows": FLOWS, "channels": CHANNELS, "influencers": INFLUENCERS,
                },
            )  # fmt: skip
            before += size
        cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {month.table} FOR VALUES FROM (%s) TO (%s)", bounds)
