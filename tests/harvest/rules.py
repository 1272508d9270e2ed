"""What OAI-PMH.xsd, oai_dc.xsd and oai-identifier.xsd state, as checks of ours: `check(answer)` names the rule
that an answer breaks. The schemas themselves are not here: they belong to others."""

import re
from datetime import date, datetime
from xml.etree import ElementTree as ET

OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTAINER = "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"
IDENTIFIER = "{http://www.openarchives.org/OAI/2.0/oai-identifier}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
VERBS = {"Identify", "ListMetadataFormats", "ListSets", "GetRecord", "ListIdentifiers", "ListRecords"}
CODES = {
    "cannotDisseminateFormat", "idDoesNotExist", "badArgument", "badVerb", "noMetadataFormats",
    "noRecordsMatch", "badResumptionToken", "noSetHierarchy",
}  # fmt: skip
DC_ELEMENTS = {
    "title", "creator", "subject", "description", "publisher", "contributor", "date", "type", "format",
    "identifier", "source", "language", "relation", "coverage", "rights",
}  # fmt: skip
WORD = r"[A-Za-z0-9\-_.!~*'()]+"
SET_SPEC = f"{WORD}(:{WORD})*"
EMAIL = r"\S+@(\S+\.)+\S+"
DOMAIN = r"[a-zA-Z][a-zA-Z0-9\-]*(\.[a-zA-Z][a-zA-Z0-9\-]*)+"
SAMPLE = rf"oai:{DOMAIN}:[a-zA-Z0-9\-_.!~*'();/?:@&=+$,%]+"


class Breach(AssertionError):
    """An answer breaks a rule of the schema."""


def need(holds, rule):
    if not holds:
        raise Breach(rule)


def check(answer):
    """The root element of `answer` (bytes), which follows every rule of the schemas. Raises Breach."""
    root = ET.fromstring(answer)
    need(root.tag == f"{OAI}OAI-PMH", "the root is OAI-PMH in its namespace")
    need("http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd" in root.get(LOCATION, ""), "names its schema")
    sequence(root, "responseDate", "request", ("error", "*", *VERBS))
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root[0].text), "responseDate is UTC in seconds")
    request(root[1])
    payload = list(root)[2:]
    kinds = {local(e) for e in payload}
    need(payload and (kinds == {"error"} or len(payload) == 1), "errors, or one answer to the verb")
    for part in payload:
        PARTS[local(part)](part)
    if kinds != {"error"}:
        need(root[1].get("verb") == payload[0].tag.removeprefix(OAI), "request repeats the verb answered")
    return root


def local(element):
    need(element.tag.startswith(OAI), f"{element.tag} is in the namespace of OAI-PMH")
    return element.tag.removeprefix(OAI)


def sequence(parent, *names):
    """The children stand in this order. A name is once, "name?" at most, "name*" any, "name+" once or more;
    a tuple is a choice of which one or more follow."""
    left = [local(child) for child in parent]
    for name in names:
        choice = set(name) if isinstance(name, tuple) else {name.rstrip("?*+")}
        mark = "+" if isinstance(name, tuple) else name[-1]
        count = 0
        while left and left[0] in choice and (mark in "*+" or count == 0):
            left.pop(0)
            count += 1
        need(count or mark in "?*", f"{local(parent)} has {name}")
    need(not left, f"{local(parent)} has nothing more: {left[:1]}")
    need(not (parent.text or "").strip(), f"{local(parent)} holds no text of its own")


def attributes(element, *names):
    need(set(element.attrib) <= set(names), f"{local(element)} has no attributes but {names}")


def request(element):
    attributes(element, "verb", "identifier", "metadataPrefix", "from", "until", "set", "resumptionToken")
    need(re.match(r"https?://", element.text or ""), "request holds the base URL")
    need("?" not in element.text, "the base URL has no query")
    for name, pattern in (("verb", "|".join(VERBS)), ("metadataPrefix", WORD), ("set", SET_SPEC)):
        if name in element.attrib:
            need(re.fullmatch(pattern, element.get(name)), f"request's {name} follows its pattern")
    for name in ("from", "until"):
        if name in element.attrib:
            moment(element.get(name))


def moment(text):
    """UTCdatetimeType: a day, or seconds in UTC."""
    try:
        if len(text) == 10:
            date.fromisoformat(text)
        else:
            need(re.fullmatch(r"[^.]*T[^.]*Z", text), f"{text!r} is UTC in whole seconds")
            datetime.fromisoformat(text)
    except ValueError:
        raise Breach(f"{text!r} is a day or a second in UTC") from None


def error(element):
    attributes(element, "code")
    need(element.get("code") in CODES, "the code of an error is one of eight")


def identify(element):
    sequence(
        element, "repositoryName", "baseURL", "protocolVersion", "adminEmail+", "earliestDatestamp", "deletedRecord",
        "granularity", "compression*", "description*",
    )  # fmt: skip
    text = {local(e): e.text for e in element}
    need(text["protocolVersion"] == "2.0", "protocolVersion is 2.0")
    need(text["deletedRecord"] in ("no", "persistent", "transient"), "deletedRecord is one of three")
    need(text["granularity"] in ("YYYY-MM-DD", "YYYY-MM-DDThh:mm:ssZ"), "granularity is one of two")
    need(len(text["earliestDatestamp"]) == len(text["granularity"]), "earliestDatestamp has the granularity")
    moment(text["earliestDatestamp"])
    for mail in element.iter(f"{OAI}adminEmail"):
        need(re.fullmatch(EMAIL, mail.text), "adminEmail is an address")
    for described in element.iter(f"{OAI}description"):
        foreign(described)
        facts = {e.tag.removeprefix(IDENTIFIER): e.text for e in described[0]}
        need(
            list(facts) == ["scheme", "repositoryIdentifier", "delimiter", "sampleIdentifier"],
            "oai-identifier",
        )
        need(
            facts["scheme"] == "oai" and facts["delimiter"] == ":", "the scheme is oai, its delimiter a colon"
        )
        need(re.fullmatch(DOMAIN, facts["repositoryIdentifier"]), "repositoryIdentifier is a domain")
        need(re.fullmatch(SAMPLE, facts["sampleIdentifier"]), "sampleIdentifier follows the scheme")


def formats(element):
    sequence(element, "metadataFormat+")
    for each in element:
        sequence(each, "metadataPrefix", "schema", "metadataNamespace")
        need(re.fullmatch(WORD, each[0].text), "metadataPrefix follows its pattern")


def sets(element):
    sequence(element, "set+", "resumptionToken?")
    specs = [e.findtext(f"{OAI}setSpec") for e in element]
    for each in element.iter(f"{OAI}set"):
        sequence(each, "setSpec", "setName", "setDescription*")
        need(re.fullmatch(SET_SPEC, each[0].text), "setSpec follows its pattern")
        need(each[0].text.rpartition(":")[0] in ("", *specs), "the head of a set is a set")
    need(len(set(specs)) == len(specs), "each set is there once")


def get_record(element):
    sequence(element, "record")
    record(element[0])


def records(element):
    sequence(element, "record+", "resumptionToken?")
    for each in element.iter(f"{OAI}record"):
        record(each)
    token(element)


def headers(element):
    sequence(element, "header+", "resumptionToken?")
    for each in element.iter(f"{OAI}header"):
        header(each)
    token(element)


def record(element):
    sequence(element, "header", "metadata?", "about*")
    header(element[0])
    deleted = element[0].get("status") == "deleted"
    metadata = element.find(f"{OAI}metadata")
    need(deleted == (metadata is None), "a record has metadata, and a deleted one has none")
    if metadata is not None:
        foreign(metadata)
        if metadata[0].tag == CONTAINER:
            dublin_core(metadata[0])


def header(element):
    attributes(element, "status")
    need(element.get("status") in (None, "deleted"), "the status of a header is deleted")
    sequence(element, "identifier", "datestamp", "setSpec*")
    need(re.fullmatch(SAMPLE, element[0].text), "an identifier follows oai-identifier")
    need(len(element[1].text) == 20, "a datestamp has the granularity of the repository")
    moment(element[1].text)
    for spec in element.iter(f"{OAI}setSpec"):
        need(re.fullmatch(SET_SPEC, spec.text), "setSpec follows its pattern")


def token(element):
    found = element.find(f"{OAI}resumptionToken")
    if found is not None:
        attributes(found, "expirationDate", "completeListSize", "cursor")
        need(found.get("cursor", "0").isdecimal(), "cursor counts from 0")
        if "expirationDate" in found.attrib:
            moment(found.get("expirationDate"))


def foreign(element):
    """One element of another namespace, with its schema."""
    need(len(element) == 1, f"{local(element)} holds one element")
    need(not element[0].tag.startswith(OAI) and element[0].tag.startswith("{"), "of another namespace")
    namespace = element[0].tag[1:].partition("}")[0]
    need(element[0].get(LOCATION, "").split()[::2] == [namespace], "it names the schema of its namespace")


def dublin_core(element):
    need(len(element) > 0, "there is something in dc")
    for child in element:
        need(
            child.tag.startswith(DC) and child.tag.removeprefix(DC) in DC_ELEMENTS, "one of fifteen elements"
        )
        need(len(child) == 0 and set(child.attrib) <= {LANG}, "an element of dc is text with a language")


PARTS = {
    "error": error, "Identify": identify, "ListMetadataFormats": formats, "ListSets": sets,
    "GetRecord": get_record, "ListRecords": records, "ListIdentifiers": headers,
}  # fmt: skip
