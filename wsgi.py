"""The app for a server: `granian --interface wsgi wsgi:app`."""

import os

from coordinator.app import create_app
from coordinator.kit.web import is_web_process
from coordinator.ops.logs import set_up_logs
from coordinator.settings import Settings

set_up_logs()
app = create_app(Settings.from_environment(os.environ), has_commands=not is_web_process())
