import django.db.models.deletion
import tracking.models
from django.db import migrations, models

DEFAULTS = {"purchase": "Purchased", "signup": "Signed up", "lead": "Lead"}


def give_defaults(apps, schema_editor):
    """The organizations that are there already get what a new one gets."""
    Organization, Label, Rule = (
        apps.get_model("orgs", "Organization"), apps.get_model("contacts", "Label"), apps.get_model("tracking", "Rule"),
    )
    for organization in Organization.objects.iterator():
        for event, name in DEFAULTS.items():
            label = Label.objects.filter(organization=organization, name__iexact=name).first()
            label = label or Label.objects.create(organization=organization, name=name)
            Rule.objects.create(organization=organization, event=event, label=label)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_words_and_kinds"), ("orgs", "0003_people_and_mail"), ("tracking", "0004_links")]

    operations = [
        migrations.AlterModelOptions(name="rule", options={"ordering": ["event", "id"]}),
        migrations.RemoveConstraint(model_name="rule", name="rule_once"),
        migrations.RemoveField(model_name="rule", name="label"),
        migrations.AlterField(
            model_name="rule",
            name="event",
            field=models.CharField(help_text="In small letters; events are compared so.", max_length=100),
        ),
        migrations.AddField(
            model_name="rule",
            name="label",
            field=models.ForeignKey(
                default=None, on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="contacts.label"
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.UniqueConstraint(fields=("organization", "event", "label"), name="rule_once"),
        ),
        migrations.AddField(
            model_name="rule",
            name="public_id",
            field=models.CharField(default=tracking.models.rule_id, editable=False, max_length=40, unique=True),
        ),
        migrations.RunPython(give_defaults, migrations.RunPython.noop),
    ]
