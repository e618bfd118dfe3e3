from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0004_view_as")]
    operations = [
        migrations.AddField(
            model_name="organization",
            name="currency",
            field=models.CharField(default="USD", help_text="Of money that is told without one.", max_length=3),
        )
    ]
