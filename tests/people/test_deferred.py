"""What only second factors need is loaded with the first page that needs it."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from dissemination.people import deferred

STARTED = """
import sys, tempfile
import config
from app import create_app
app = create_app(config.load({"INSTANCE": tempfile.mkdtemp(), "SECRET_KEY": "x"}), serving=True)
loaded = lambda: sorted({"webauthn", "cryptography", "OpenSSL", "segno", "fsspec"} & set(sys.modules))
print(loaded())
app.test_client().get("/health/live")
print(loaded())
with app.test_request_context("/wan-signin"):
    app.preprocess_request()
print(loaded())
"""


def test_a_worker_loads_them_with_the_first_page_of_accounts():
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-3:] == ["[]", "[]", "['OpenSSL', 'cryptography', 'webauthn']"]


@pytest.mark.parametrize(
    ("package", "user"), [(p, u) for p, users in deferred.MISSING.items() for u in users]
)
def test_every_name_that_a_library_imports_of_them_is_there_afterwards(package, user):
    deferred.load()
    module = import_module(user)
    wanted = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package)
        or (isinstance(node, ast.Import) and node.names[0].name.split(".")[0] == package)
        for alias in node.names
    }
    assert wanted
    assert wanted <= set(vars(module))
