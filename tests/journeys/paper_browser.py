"""A browser without JavaScript: reads the forms of a page and sends them as a person would fill them in."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urljoin, urlsplit

VOID = {"input", "br", "meta", "link", "img", "hr"}


@dataclass
class PaperForm:
    """A form as it stands on a page: where it goes, and name -> values."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    files: bool = False


class _Reader(HTMLParser):
    def __init__(self, url):
        super().__init__()
        self.url, self.forms, self.links = url, [], []
        self.form = self.select = self.textarea = None
        self.text, self.selected = "", False

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "a" and a.get("href"):
            self.links.append(urljoin(self.url, a["href"]))
        if tag == "form":
            self.form = PaperForm(
                urljoin(self.url, a.get("action") or ""),
                a.get("method", "get").lower(),
                files=a.get("enctype") == "multipart/form-data",
            )
            self.forms.append(self.form)
        if self.form is None or not (a.get("name") or tag == "option"):
            return
        name = a.get("name")
        if name:
            self.form.names.add(name)
        if tag == "input":
            self._input(name, a)
        elif tag == "select":
            self.select, self.selected = name, False
            self.multiple = "multiple" in a
        elif tag == "option" and self.select:
            value = a.get("value", "")
            self.form.options.setdefault(self.select, []).append(value)
            if "selected" in a:
                self.form.values.setdefault(self.select, []).append(value)
                self.selected = True
        elif tag == "textarea":
            self.textarea, self.text = name, ""

    def _input(self, name, a):
        kind = a.get("type", "text")
        if kind in ("checkbox", "radio"):
            self.form.options.setdefault(name, []).append(a.get("value", "on"))
            if "checked" in a:
                self.form.values.setdefault(name, []).append(a.get("value", "on"))
        elif kind not in ("submit", "button", "file"):
            self.form.values.setdefault(name, []).append(a.get("value", ""))

    def handle_data(self, data):
        if self.textarea:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.textarea:
            self.form.values.setdefault(self.textarea, []).append(self.text.removeprefix("\n"))
            self.textarea = None
        elif tag == "select" and self.select:
            options = self.form.options.get(self.select)
            if not self.selected and options and not self.multiple:
                self.form.values[self.select] = [options[0]]
            self.select = None
        elif tag == "form":
            self.form = None


class PaperBrowser:
    """One person at her browser: `visit`, `fill`, and the page she sees."""

    def __init__(self, client):
        self.client = client
        self.url, self.answer = "/", None

    @property
    def text(self) -> str:
        """The HTML that is shown."""
        return self.answer.text

    @property
    def said(self) -> str:
        """The words of the page's main part, for messages of failing tests."""
        main = self.answer.text.partition("<main")[2].partition("</main>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", main).split())[:3000]

    def _reader(self):
        reader = _Reader(self.url)
        reader.feed(self.answer.text)
        return reader

    @property
    def links(self) -> list[str]:
        """All links of the page."""
        return self._reader().links

    def visit(self, url, *, status=200):
        """Open `url`, following redirects."""
        self.answer = self.client.get(url, follow_redirects=True)
        return self._arrived(status)

    def fill(self, action_end: str, *, status=200, press: str | None = None, button: str = "1", **values):
        """Fill in the form whose action ends with `action_end` and send it. `__` in names stands for `-`."""
        candidates = [f for f in self._reader().forms if urlsplit(f.action).path.endswith(action_end)]
        assert candidates, (
            f"no form for {action_end} on {self.url}: {[f.action for f in self._reader().forms]}"
        )
        form = candidates[0]
        data = {name: list(v) for name, v in form.values.items()}
        for name, value in values.items():
            name = name.replace("__", "-")
            assert name in form.names, f"{name} is not in the form {form.action}: {sorted(form.names)}"
            data[name] = value if isinstance(value, list) else [value]
        if press:
            data[press] = [button]
        sent = {
            n: [(BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v for v in vs] for n, vs in data.items()
        }
        if form.method == "get":
            self.answer = self.client.get(form.action, query_string=sent, follow_redirects=True)
        else:
            self.answer = self.client.post(form.action, data=sent, follow_redirects=True)
        return self._arrived(status)

    def _arrived(self, status):
        self.url = self.answer.request.path
        assert self.answer.status_code == status, f"{self.url}: {self.answer.status_code}\n{self.said}"
        return self
