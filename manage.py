#!/usr/bin/env python
"""Every command of Touchstone: ``.venv/bin/python manage.py help``."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # On a terminal only what went wrong is logged; the web server and the worker say more.
    os.environ.setdefault("TOUCHSTONE_LOG_LEVEL", "WARNING")
    execute_from_command_line(sys.argv)
