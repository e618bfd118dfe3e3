import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0001_initial'),
        ('orgs', '0003_people_and_mail'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='contact',
            name='contact_by_words',
        ),
        migrations.AlterField(
            model_name='labelling',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization'),
        ),
        migrations.AlterField(
            model_name='timelineentry',
            name='kind',
            field=models.CharField(choices=[('message', 'Message'), ('campaign', 'Campaign'), ('click', 'Click'), ('page', 'Page view'), ('event', 'Event'), ('purchase', 'Purchase'), ('install', 'Install'), ('label', 'Label'), ('contact', 'Contact')], max_length=20),
        ),
        migrations.AlterField(
            model_name='timelineentry',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orgs.organization'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector('name', models.Func(models.F('email'), models.Value('@.+_-/'), models.Value('      '), function='translate', output_field=models.TextField()), 'phone', models.Func(models.F('phone'), models.Value(' +()-./'), models.Value(''), function='translate', output_field=models.TextField()), config='simple'), name='contact_by_words'),
        ),
    ]
