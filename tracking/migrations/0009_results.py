from django.db import migrations

# Events are looked at by a period, newest first: with the moment in front, a month is left as soon as enough is found. Page
# views are most of all events, and whoever looks for them finds them along the first index.
INDEXES = """
DROP INDEX event_by_organization;
DROP INDEX event_by_link;
CREATE INDEX event_by_time ON tracking_event (organization_id, received_at DESC, id DESC);
CREATE INDEX event_by_name ON tracking_event (organization_id, name, received_at DESC, id DESC) WHERE name <> 'page_view';
CREATE INDEX event_by_link ON tracking_event (organization_id, link_id, received_at DESC, id DESC)
    WHERE link_id IS NOT NULL;
"""
BACK = """
DROP INDEX event_by_link;
DROP INDEX event_by_name;
DROP INDEX event_by_time;
CREATE INDEX event_by_organization ON tracking_event (organization_id, id DESC);
CREATE INDEX event_by_link ON tracking_event (link_id, id DESC) WHERE link_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0008_credit")]
    operations = [migrations.RunSQL(INDEXES, BACK)]
