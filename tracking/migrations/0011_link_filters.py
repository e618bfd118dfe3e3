from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tracking", "0010_eventwork_attempts")]
    operations = [
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                fields=["organization", "folder"], name="link_in_folder", condition=Q(archived_at=None) & ~Q(folder="")
            ),
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                fields=["organization"], name="link_with_tags", condition=Q(archived_at=None) & ~Q(tags=[])
            ),
        ),
    ]
