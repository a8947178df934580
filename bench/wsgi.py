"""The site as it is served, but for one thing: nobody is told that they ask too often.

The load comes from one address, and the limits of `kit/limits.py` would answer most of it with 429.
"""

import os

from coordinator.app import create_app
from coordinator.settings import Settings

app = create_app(Settings.from_environment(os.environ), has_commands=False)
app.config["LIMITS_ENABLED"] = False
