from django.db import migrations, models

# A link's latest clicks, for where they came from.
INDEX = "CREATE INDEX event_by_link ON tracking_event (link_id, id DESC) WHERE link_id IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_events")]
    operations = [
        migrations.AddField(
            model_name="domain",
            name="failing_since",
            field=models.DateTimeField(blank=True, help_text="When the proof was first not found.", null=True),
        ),
        migrations.RunSQL(INDEX, "DROP INDEX event_by_link"),
    ]
