from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0009_results")]
    operations = [migrations.RemoveField(model_name="eventwork", name="attempts")]
