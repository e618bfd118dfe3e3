-- Stores a batch: keys first, then what is new of it, its rollups, who was there, the work that follows, the links' counts
-- and the day's ledger. Gives the numbers of the new ones, and of a click how many its link has now.
WITH incoming AS (
    SELECT n, day, organization_id, received_at, coalesce(occurred_at, received_at) occurred_at, link_id, key, event_id, name,
        source, by, value, coalesce(verified, false) verified, coalesce(contact_ref, '') contact_ref,
        coalesce(visitor, '') visitor, coalesce(flow, '') flow, coalesce(channel, '') channel, coalesce(campaign, '') campaign,
        coalesce(post, '') post, coalesce(influencer, '') influencer, coalesce(url, '') url, coalesce(referrer, '') referrer,
        coalesce(agent, '') agent, coalesce(currency, '') currency, coalesce(order_ref, '') order_ref,
        coalesce(data, '{}') data
    FROM jsonb_to_recordset(%s::jsonb) AS row(
        n int, day date, organization_id bigint, received_at timestamptz, occurred_at timestamptz, link_id bigint, key uuid,
        verified boolean, event_id text, name text, source text, by text, contact_ref text, visitor text, flow text,
        channel text, campaign text, post text, influencer text, url text, referrer text, agent text, value numeric,
        currency text, order_ref text, data jsonb
    )
), fresh AS (
    INSERT INTO tracking_eventkey (organization_id, key, received_at)
    SELECT DISTINCT ON (organization_id, key) organization_id, key, received_at FROM incoming
    ORDER BY organization_id, key, n
    ON CONFLICT DO NOTHING RETURNING organization_id, key
), chosen AS (
    SELECT DISTINCT ON (organization_id, key) i.* FROM incoming i JOIN fresh USING (organization_id, key)
    ORDER BY organization_id, key, n
), stored AS (
    INSERT INTO tracking_event (
        organization_id, received_at, occurred_at, link_id, key, verified, event_id, name, source, by, contact_ref, visitor,
        flow, channel, campaign, post, influencer, url, referrer, agent, value, currency, order_ref, data
    )
    SELECT
        organization_id, received_at, occurred_at, link_id, key, verified, event_id, name, source, by, contact_ref, visitor,
        flow, channel, campaign, post, influencer, url, referrer, agent, value, currency, order_ref, data
    FROM chosen ORDER BY n
    RETURNING id, organization_id, received_at, contact_ref, value, by, name, visitor, url
), work AS (
    INSERT INTO tracking_eventwork (organization_id, event, received_at, due_at, fence)
    SELECT organization_id, id, received_at, received_at, 0 FROM stored
    WHERE by IN ('person', 'server') AND (contact_ref <> '' OR value IS NOT NULL
        OR visitor <> '' AND url ~ '[?&](utm_campaign|c33|fid|ch)='
        OR name NOT IN ('page_view', 'click') AND (lower(name) IN ('purchase', 'signup', 'lead', 'install')
            OR EXISTS (SELECT FROM tracking_rule r
                WHERE r.organization_id = stored.organization_id AND event = lower(name))))
), rolled AS (
    INSERT INTO tracking_rollup AS old (organization_id, axis, ref, name, by, currency, day, events, verified, unverified)
    SELECT organization_id, axis, ref, name, by, currency, day, count(*),
        coalesce(sum(value) FILTER (WHERE verified), 0), coalesce(sum(value) FILTER (WHERE NOT verified), 0)
    FROM chosen, LATERAL (VALUES (0, ''), (1, source), (2, coalesce(link_id::text, '')), (3, campaign), (4, flow),
        (5, channel), (6, post), (7, influencer)) AS axes(axis, ref)
    WHERE axis = 0 OR ref <> ''
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (organization_id, axis, ref, name, by, currency, day) DO UPDATE SET
        events = old.events + excluded.events, verified = old.verified + excluded.verified,
        unverified = old.unverified + excluded.unverified
), visited AS (
    INSERT INTO tracking_visitor (organization_id, day, visitor)
    SELECT DISTINCT organization_id, day, visitor FROM chosen WHERE visitor <> '' AND by = 'person'
    ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
), clicked AS (
    UPDATE tracking_link AS link SET clicks = link.clicks + new.clicks
    FROM (
        SELECT link_id, count(*) AS clicks FROM chosen
        WHERE name = 'click' AND by = 'person' GROUP BY link_id
    ) AS new
    WHERE link.id = new.link_id
    RETURNING link.id, link.clicks
), ledger AS (
    INSERT INTO tracking_ledger AS old (organization_id, day, source, received, stored, duplicates, rejected)
    SELECT i.organization_id, i.day, i.source, count(*), count(chosen.n), count(*) - count(chosen.n), 0
    FROM incoming i LEFT JOIN chosen ON chosen.n = i.n
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (organization_id, day, source) DO UPDATE SET
        received = old.received + excluded.received, stored = old.stored + excluded.stored,
        duplicates = old.duplicates + excluded.duplicates
)
SELECT chosen.n, clicked.clicks FROM chosen LEFT JOIN clicked ON clicked.id = chosen.link_id
