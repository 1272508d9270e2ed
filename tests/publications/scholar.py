"""Google Scholar's inclusion guidelines for webmasters ("Indexing guidelines"), rule by rule, as a check of a page.

Source: https://scholar.google.com/intl/en/scholar/inclusion.html, read in 2026.
"""

import re
from html.parser import HTMLParser
from posixpath import dirname
from urllib.parse import urlsplit

REPORT = {"citation_technical_report_institution", "citation_technical_report_number"}
ONCE = {
    "citation_title", "citation_publication_date", "citation_journal_title", "citation_conference_title",
    "citation_volume", "citation_issue", "citation_firstpage", "citation_lastpage", "citation_issn", "citation_isbn",
    "citation_pdf_url", "citation_dissertation_institution", *REPORT,
}  # fmt: skip


class Page(HTMLParser):
    """`tags`: (name, content) of the meta elements in the head; `heading`: the text of the first h1; `links`."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.heading, self.links, self._in = [], "", [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "meta" and "head" in self._in and attrs.get("name"):
            self.tags.append((attrs["name"], attrs.get("content", "")))
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        if tag in ("head", "h1"):
            self._in.add(tag)

    def handle_endtag(self, tag):
        self._in.discard(tag)

    def handle_data(self, data):
        if "h1" in self._in:
            self.heading += data


def broken_rules(text, address):
    """The guidelines that the page at `address` breaks."""
    page = Page(text)
    given = {}
    for name, content in page.tags:
        if name.startswith("citation_"):
            given.setdefault(name, []).append(content)
    title = given.get("citation_title", [""])[0]
    rules = {
        "a title": bool(title),
        "the title is on the page": title in page.heading or title in text,
        "an author": bool(given.get("citation_author")),
        "one author a tag, no list of names": not any(
            re.search(r";| and | e |&", a) or a.count(",") > 1 for a in given.get("citation_author", ())
        ),
        "a date of publication": bool(given.get("citation_publication_date")),
        "the date is YYYY/MM/DD or a year": all(
            re.fullmatch(r"\d{4}(/\d{1,2}/\d{1,2})?", d) for d in given.get("citation_publication_date", ())
        ),
        "nothing empty": all(c.strip() for values in given.values() for c in values),
        "once each": all(len(given.get(name, ())) <= 1 for name in ONCE),
        "no markup in a value": not any(re.search(r"</?\w+>", c) for v in given.values() for c in v),
        "a journal, or a conference, or neither": not {"citation_journal_title", "citation_conference_title"} <= set(given),
        "a report is none of a journal": not (REPORT & set(given) and "citation_journal_title" in given),
        "pages one by one": all(
            "-" not in p and "–" not in p
            for p in given.get("citation_firstpage", []) + given.get("citation_lastpage", [])
        ),
        "Dublin Core is not alone": bool(given),
        **_of_the_pdf(given.get("citation_pdf_url", [""])[0], address, page),
    }  # fmt: skip
    return [rule for rule, holds in rules.items() if not holds]


def _of_the_pdf(url, address, page):
    if not url:
        return {}
    here, there = urlsplit(address), urlsplit(url)
    return {
        "the PDF has a whole address": bool(there.scheme and there.netloc),
        "the PDF is on the same host": there.netloc == here.netloc,
        "the PDF is below the abstract's folder": there.path.startswith(dirname(here.path) + "/"),
        "the PDF ends in .pdf": there.path.endswith(".pdf"),
        "the PDF has no session in its address": not there.query,
    }
