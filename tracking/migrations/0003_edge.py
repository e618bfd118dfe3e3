import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial"), ("tracking", "0002_events")]
    operations = [
        migrations.DeleteModel("TokenUse"),
        migrations.CreateModel(
            name="TokenUse",
            fields=[
                ("pk", models.CompositePrimaryKey("token_id", "moment", blank=True, editable=False, primary_key=True, serialize=False)),
                ("moment", models.BigIntegerField()),
                ("events", models.PositiveIntegerField()),
                ("organization", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization")),
                ("token", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="tracking.token")),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("pk", models.CompositePrimaryKey("organization_id", "kind", "word", blank=True, editable=False, primary_key=True, serialize=False)),
                ("kind", models.PositiveSmallIntegerField(help_text="0 a name, else the axis.")),
                ("word", models.CharField(max_length=100)),
                ("organization", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization")),
            ],
        ),
        *(
            migrations.AlterField(
                model_name=name,
                name="organization",
                field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.organization"),
            )
            for name in ("eventkey", "eventwork", "visitor")
        ),
        migrations.AddIndex(
            model_name="link",
            index=django.contrib.postgres.indexes.HashIndex(fields=["url"], name="link_by_url"),
        ),
    ]
