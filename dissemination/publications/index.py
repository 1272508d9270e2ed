"""The full-text index of publications: `publication_search`, kept by triggers.

Whoever writes a publication or the text of a file, by whatever statement, the index follows in the same
transaction. It has one row per publication under a key that grows with date of issue and id, so that hits
come in the order of the list, page by page, however many there are. What a row says:

tags    `d3` its district, `pub` while it is public, `kreport` its kind, `y2026` its year, `s5` its sector
meta    what describes it (`Publication.search_text`, see `bibliography/words.py`)
body    the texts of its files that everybody may read
hidden  the texts of the other files: the desk finds them, the public does not

SQLite: a virtual table of FTS5 (https://www.sqlite.org/fts5.html). PostgreSQL: a tsvector with a GIN index,
in which meta has weight A, body B and hidden C and tags begin with "#"; district and public are columns, for
a GIN index reads the whole list of a tag that nearly all rows have. A batch migration on SQLite that rebuilds
one of these tables loses its triggers silently: call `make` again after it.
"""

import json
from datetime import date

from sqlalchemy import event, text

NAME = "publication_search"
BATCH = 1000
SPREAD = 2**31  # a key is day * SPREAD + id
DAY_ONE = 1721424  # the Julian day number before 1 January of the year 1
COLUMNS = (
    "search_text", "district_id", "published_at", "kind", "issued", "sector_id", "access", "embargo_until",
)  # fmt: skip
FUNCTIONS = ("search_vector", "index_publication", "index_publication_text", "note_publication_file")
TRIGGERS = {  # name -> its table
    "publications_search_insert": "publications",
    "publications_search_update": "publications",
    "publications_search_delete": "publications",
    "publication_file_texts_search_update": "publication_file_texts",
    "publication_file_texts_search_delete": "publication_file_texts",
    "publication_files_note_insert": "publication_files",
}


def key_of(issued: date, publication_id: int) -> int:
    """The key of a publication in the index."""
    return (issued.toordinal() + DAY_ONE) * SPREAD + publication_id


def is_index(name: str | None) -> bool:
    """Whether a table is the index, or one in which FTS5 keeps it: not of the models."""
    return name is not None and name.startswith(NAME)


def keep_with(table) -> None:
    """Have the index made with a model's table, the last that it needs."""
    event.listen(table, "after_create", lambda _table, connection, **_kw: make(connection))


def make(connection) -> None:
    """Make the index and its triggers, anew where they are there, and fill it from what the tables hold."""
    drop(connection)
    statements = _sqlite() if connection.dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("UPDATE publications SET search_text = search_text")


def give_texts(connection, texts: dict[int, str]) -> None:
    """Give many publications their words, by id, with one statement for each BATCH.

    On SQLite each statement that reaches the index makes FTS5 write out what it holds. Who adds rows by the
    thousand adds them without words, which costs the index nothing, and calls this.
    """
    numbers = list(texts)
    source = (
        "json_each(:texts) AS j WHERE publications.id = CAST(j.key AS INTEGER)"
        if connection.dialect.name == "sqlite"
        else "json_each_text(CAST(:texts AS json)) AS j WHERE publications.id = CAST(j.key AS INTEGER)"
    )
    statement = text(f"UPDATE publications SET search_text = j.value FROM {source}")  # noqa: S608  our own
    for start in range(0, len(numbers), BATCH):
        some = {number: texts[number] for number in numbers[start : start + BATCH]}
        connection.execute(statement, {"texts": json.dumps(some)})


def drop(connection) -> None:
    """Take the index and its triggers away."""
    on_sqlite = connection.dialect.name == "sqlite"
    for name, table in TRIGGERS.items():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}" + ("" if on_sqlite else f" ON {table}"))
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {NAME}")
    if not on_sqlite:
        for name in FUNCTIONS:
            arguments = "text, text" if name == "search_vector" else ""
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}({arguments})")


# What a file's text is to the public: `ended` is the embargo whose end was noted (see `contents.note_ends`).
_FINDABLE = "({p}.access = 'open' OR ({p}.access = 'embargoed' AND t.ended = {p}.embargo_until))"
_DELETE = "DELETE FROM publication_search WHERE rowid = {key};"
_KEY = "CAST(julianday({p}.issued) AS INTEGER) * 2147483648 + {p}.id"
_TEXTS = (
    "coalesce((SELECT group_concat(t.text, ' ') FROM publication_file_texts t"
    " WHERE t.publication_id = NEW.id AND {which}), '')"
)


def _sqlite() -> list[str]:
    findable = f"coalesce({_FINDABLE.format(p='NEW')}, 0)"
    body, hidden = _TEXTS.format(which=findable), _TEXTS.format(which=f"NOT {findable}")
    tags = (
        "'d' || NEW.district_id || CASE WHEN NEW.published_at IS NULL THEN '' ELSE ' pub' END"
        " || ' k' || NEW.kind || ' y' || strftime('%Y', NEW.issued) || coalesce(' s' || NEW.sector_id, '')"
    )
    new, old = _KEY.format(p="NEW"), _KEY.format(p="OLD")
    columns = "rowid, tags, meta, body, hidden"
    into = f"INSERT INTO publication_search({columns}) VALUES ({new}, {tags},"  # noqa: S608  our own names
    insert = f"{into} NEW.search_text, {body}, {hidden});"
    delete = _DELETE.format(key=old)
    touch = "UPDATE publications SET search_text = search_text WHERE id = {row}.publication_id;"
    note = (
        "INSERT INTO publication_file_texts(file_id, publication_id, state, text, words, pages)"
        " SELECT NEW.id, NEW.publication_id, 'waiting', '', 0, 0 FROM files"
        " WHERE files.id = NEW.file_id AND files.media_type = 'application/pdf';"
    )
    acts = {
        # No files yet; and without words it waits for `give_texts`.
        "publications_search_insert": ("INSERT", f"{into} NEW.search_text, '', '');"),
        "publications_search_update": (f"UPDATE OF {', '.join(COLUMNS)}", f"{delete} {insert}"),
        "publications_search_delete": ("DELETE", delete),
        "publication_file_texts_search_update": ("UPDATE OF text, ended", touch.format(row="NEW")),
        "publication_file_texts_search_delete": ("DELETE", touch.format(row="OLD")),
        "publication_files_note_insert": ("INSERT", note),
    }
    table = (
        "CREATE VIRTUAL TABLE publication_search USING fts5(tags, meta, body, hidden, columnsize = 0,"
        " tokenize = \"unicode61 remove_diacritics 0 tokenchars '_'\")"
    )
    later = {"publications_search_insert": " WHEN NEW.search_text <> ''"}
    made = [f"CREATE TRIGGER {name} AFTER {when} ON {TRIGGERS[name]}{later.get(name, '')} BEGIN {what} END"
            for name, (when, what) in acts.items()]  # fmt: skip
    return [table, *made]


def _postgresql() -> list[str]:
    findable = f"coalesce({_FINDABLE.format(p='NEW')}, false)"
    key = f"(NEW.issued - DATE '0001-01-01' + {DAY_ONE + 1})::bigint * {SPREAD} + NEW.id"
    vector = """
        SELECT coalesce(string_agg('''' || word || ''':' || least(place, 16383) || weight, ' '), '')::tsvector
        FROM unnest(string_to_array(translate(words, E'\\n', ' '), ' ')) WITH ORDINALITY AS t(word, place)
        WHERE word <> ''"""
    texts = _TEXTS.replace("group_concat", "string_agg")
    index = f"""
        BEGIN
          IF TG_OP <> 'INSERT' THEN
            DELETE FROM publication_search WHERE key = {key.replace("NEW", "OLD")};
          END IF;
          IF TG_OP <> 'DELETE' THEN
            INSERT INTO publication_search(key, district_id, public, vector) VALUES ({key},
              NEW.district_id, NEW.published_at IS NOT NULL,
              array_to_tsvector(array_remove(ARRAY['#k' || NEW.kind, '#y' || to_char(NEW.issued, 'YYYY'),
                '#s' || NEW.sector_id], NULL))
              || search_vector(NEW.search_text, 'A')
              || search_vector(left({texts.format(which=findable)}, 350000), 'B')
              || search_vector(left({texts.format(which=f"NOT {findable}")}, 350000), 'C'));
          END IF;
          RETURN NULL;
        END"""  # noqa: S608  our own names
    touch = """
        BEGIN
          UPDATE publications SET search_text = search_text
          WHERE id = coalesce(NEW.publication_id, OLD.publication_id);
          RETURN NULL;
        END"""
    note = """
        BEGIN
          INSERT INTO publication_file_texts(file_id, publication_id, state, text, words, pages)
          SELECT NEW.id, NEW.publication_id, 'waiting', '', 0, 0 FROM files
          WHERE files.id = NEW.file_id AND files.media_type = 'application/pdf';
          RETURN NULL;
        END"""
    acts = {
        "publications_search_insert": ("INSERT", "index_publication"),
        "publications_search_update": (f"UPDATE OF {', '.join(COLUMNS)}", "index_publication"),
        "publications_search_delete": ("DELETE", "index_publication"),
        "publication_file_texts_search_update": ("UPDATE OF text, ended", "index_publication_text"),
        "publication_file_texts_search_delete": ("DELETE", "index_publication_text"),
        "publication_files_note_insert": ("INSERT", "note_publication_file"),
    }
    functions = {"index_publication": index, "index_publication_text": touch, "note_publication_file": note}
    return [
        "CREATE TABLE publication_search (key bigint PRIMARY KEY, district_id integer NOT NULL,"
        " public boolean NOT NULL, vector tsvector NOT NULL)",
        "CREATE INDEX ix_publication_search_district ON publication_search (district_id, key)",
        "CREATE INDEX ix_publication_search_vector ON publication_search USING gin (vector)",
        "CREATE FUNCTION search_vector(words text, weight text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS"
        f" $${vector}$$",
        *(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
          for name, body in functions.items()),
        *(f"CREATE TRIGGER {name} AFTER {when} ON {TRIGGERS[name]} FOR EACH ROW EXECUTE FUNCTION {call}()"
          for name, (when, call) in acts.items()),
    ]  # fmt: skip
