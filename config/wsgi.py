"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from config.bodies import WholeBodies
from config.checks import warn_at_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = WholeBodies(get_wsgi_application())
warn_at_start()
