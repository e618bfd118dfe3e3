-- Confirms clicks by arrivals: the click whose id came along, else the contact's latest one of the last half hour. Each is
-- confirmed once, and counted on its own day.
WITH arrivals AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row(
        organization_id bigint, zone text, at timestamptz, click uuid, contact_ref text
    )
), aimed AS MATERIALIZED (
    SELECT event.received_at, event.id, arrivals.at, arrivals.zone
    FROM arrivals
    JOIN tracking_eventkey AS key ON key.organization_id = arrivals.organization_id AND key.key = arrivals.click
    JOIN tracking_event AS event ON event.received_at = key.received_at AND event.organization_id = key.organization_id
        AND event.key = key.key
    WHERE arrivals.click IS NOT NULL
    UNION ALL
    SELECT event.received_at, event.id, arrivals.at, arrivals.zone
    FROM arrivals CROSS JOIN LATERAL (
        SELECT received_at, id FROM tracking_event AS event
        WHERE event.organization_id = arrivals.organization_id AND event.contact_ref = arrivals.contact_ref
            AND event.contact_ref <> '' AND event.name = 'click' AND event.by = 'person' AND event.confirmed_at IS NULL
            AND event.received_at > arrivals.at - interval '30 minutes' AND event.received_at <= arrivals.at
        ORDER BY event.id DESC LIMIT 1
    ) AS event
    WHERE arrivals.click IS NULL
), confirmed AS (
    UPDATE tracking_event AS event SET confirmed_at = aimed.at
    FROM (SELECT received_at, id, min(at) AS at, min(zone) AS zone FROM aimed GROUP BY 1, 2) AS aimed
    WHERE event.received_at = aimed.received_at AND event.id = aimed.id
        AND event.name = 'click' AND event.by = 'person' AND event.confirmed_at IS NULL
    RETURNING event.*, (event.received_at AT TIME ZONE aimed.zone)::date AS day
)
INSERT INTO tracking_rollup (organization_id, axis, ref, name, by, currency, day, events, verified, unverified)
SELECT organization_id, axis, ref, 'click.confirmed', by, '', day, count(*), 0, 0
FROM confirmed CROSS JOIN LATERAL (VALUES (0, ''), (1, source), (2, coalesce(link_id::text, '')), (3, campaign), (4, flow),
    (5, channel), (6, post), (7, influencer)) AS axes(axis, ref)
WHERE axis = 0 OR ref <> ''
GROUP BY organization_id, axis, ref, by, day
ORDER BY organization_id, axis, ref, by, day
ON CONFLICT (organization_id, axis, ref, name, by, currency, day) DO UPDATE SET
    events = tracking_rollup.events + excluded.events
