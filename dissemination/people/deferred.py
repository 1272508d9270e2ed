"""Flask-Security without what only second factors need: a fifth of a worker's memory.

py_webauthn and cryptography bring OpenSSL and the root certificates of every maker of authenticators, and
few workers ever see a passkey or a code. Flask-Security and passlib do without either where it is missing,
so both are missing while Flask-Security is imported, and put in their place before the first page that
needs them.
"""

import ast
import inspect
import sys
from importlib import import_module
from threading import Lock

MISSING = {  # package: who imports it, and a name that tells that it was imported
    "webauthn": {
        "flask_security.webauthn": "UserVerificationRequirement",
        "flask_security.webauthn_util": "UserVerificationRequirement",
    },
    "cryptography": {"passlib.totp": "_cg_ciphers"},
}
_lock = Lock()


def import_flask_security() -> None:
    """Import Flask-Security without those packages that nobody imported before."""
    if "flask_security" in sys.modules:
        return
    missing = [package for package in MISSING if package not in sys.modules]
    for package in missing:
        sys.modules[package] = None  # type: ignore[assignment] # importing it raises ImportError
    try:
        import_module("flask_security")
    finally:
        for package in missing:
            del sys.modules[package]


def load() -> None:
    """Give everyone in MISSING what it imports of its package. A second call does nothing."""
    with _lock:
        for package, users in MISSING.items():
            for name, proof in users.items():
                module = import_module(name)
                if getattr(module, proof, None) is None:
                    lines = compile(_imports(module, package), name, "exec")
                    exec(lines, vars(module))  # noqa: S102 - the library's own lines


def _imports(module, package: str) -> ast.Module:
    """The lines of `module` that import `package`, as it has them."""
    found: list[ast.stmt] = []
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.stmt) and any(n.split(".")[0] == package for n in names):
            found.append(node)
    return ast.Module(body=found, type_ignores=[])
