import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0005_organization_currency"), ("tracking", "0011_link_filters")]
    operations = [
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
