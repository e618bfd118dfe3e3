from django.db import migrations, models

import tracking.models

# A link's latest clicks, for where they came from.
INDEX = "CREATE INDEX event_by_link ON tracking_event (link_id, id DESC) WHERE link_id IS NOT NULL"
NAMED = (("domain", tracking.models.domain_id), ("term", tracking.models.term_id))


def name_rows(apps, schema_editor):
    """Each row an id of its own."""
    for name, made in NAMED:
        for row in apps.get_model("tracking", name).objects.filter(public_id=None):
            row.public_id = made()
            row.save(update_fields=["public_id"])


class Migration(migrations.Migration):
    dependencies = [("tracking", "0003_edge")]
    operations = [
        migrations.AddField(
            model_name="domain",
            name="failing_since",
            field=models.DateTimeField(blank=True, help_text="When the proof was first not found.", null=True),
        ),
        *(
            migrations.AddField(name, "public_id", models.CharField(max_length=40, null=True, editable=False))
            for name, _ in NAMED
        ),
        migrations.RunPython(name_rows, migrations.RunPython.noop),
        *(
            migrations.AlterField(
                name, "public_id", models.CharField(max_length=40, unique=True, default=made, editable=False)
            )
            for name, made in NAMED
        ),
        migrations.RunSQL(INDEX, "DROP INDEX event_by_link"),
    ]
