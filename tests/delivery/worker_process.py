"""A worker as a process of its own: python -m tests.delivery.worker_process (settings in the environment).

On the two lowest floors only, so that it starts quickly.
"""

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader

import config
from dissemination.delivery import setup, worker
from dissemination.kernel.database import db
from dissemination.kernel.languages import babel
from tests.delivery.conftest import TEMPLATES

settings = config.load()
app = Flask("dissemination", root_path=str(config.ROOT), instance_path=str(settings.instance))
app.config.update(settings.as_flask())
db.init_app(app)
babel.init_app(app)
setup.init_app(app)
app.jinja_loader = ChoiceLoader([FileSystemLoader(config.ROOT / "templates"), FileSystemLoader(TEMPLATES)])
if __name__ == "__main__":
    worker.Worker(app, []).run()
