import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index of rollups is replaced while the edge writes to them
    dependencies = [("orgs", "0005_organization_currency"), ("tracking", "0011_link_filters")]
    operations = [
        AddIndexConcurrently(
            model_name="rollup",
            index=models.Index(fields=["organization", "axis", "name", "by", "day"], name="rollup_by_name"),
        ),
        RemoveIndexConcurrently(model_name="rollup", name="rollup_by_day"),
        migrations.CreateModel(
            name="CreditDay",
            fields=[
                ("pk", models.CompositePrimaryKey("organization_id", "day", blank=True, editable=False, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("changes", models.BigIntegerField()),
                ("organization", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization")),
            ],
        ),
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("pk", models.CompositePrimaryKey("organization_id", "figure", "first", "last", blank=True, editable=False, primary_key=True, serialize=False)),
                ("figure", models.CharField(help_text="What it is, and all that it depends on beside its days.", max_length=60)),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("events", models.BigIntegerField()),
                ("credits", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("organization", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization")),
            ],
        ),
        migrations.AlterField(
            model_name="storeaggregate",
            name="organization",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="store_aggregates", to="orgs.organization"),
        ),
        migrations.AddIndex(
            model_name="storeaggregate",
            index=models.Index(fields=["organization", "day"], name="store_aggregate_by_day"),
        ),
    ]
