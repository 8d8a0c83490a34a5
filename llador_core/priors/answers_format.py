"""The tables of `answers.sqlite`, version by version.

answers   one row per attempt of a request; `latest` shows the last attempt of each
asked     which request stands for which entity
sets      what each named text set is made of
reviews   what people said about a text; a later row supersedes an earlier one, none is changed
batches, batch_requests   what was handed to a batch endpoint, and what of it has come back
"""

from __future__ import annotations

from llador_core.database import Format

FORMAT = Format(
    what="The file of answers",
    if_damaged=(
        "move it away to begin a new one, or put back a copy. Text sets that were published stay."
    ),
    migrations=(
        (
            """
            CREATE TABLE answers (
                id INTEGER PRIMARY KEY, key TEXT NOT NULL, attempt INTEGER NOT NULL,
                prompt TEXT NOT NULL, version TEXT NOT NULL, model TEXT NOT NULL,
                parameters TEXT NOT NULL, system TEXT NOT NULL, user TEXT NOT NULL,
                host TEXT NOT NULL, status TEXT NOT NULL, raw TEXT NOT NULL, fields TEXT NOT NULL,
                tokens_in INTEGER, tokens_out INTEGER, cost_usd REAL, latency_s REAL NOT NULL,
                error TEXT NOT NULL, date TEXT NOT NULL,
                UNIQUE (key, attempt)
            )
            """,
            """
            CREATE VIEW latest AS SELECT * FROM answers AS a WHERE attempt =
                (SELECT MAX(attempt) FROM answers AS b WHERE b.key = a.key)
            """,
            """
            CREATE TABLE asked (
                entity TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (entity, key)
            ) WITHOUT ROWID
            """,
            "CREATE INDEX asked_by_key ON asked (key)",
            """
            CREATE TABLE sets (
                name TEXT PRIMARY KEY, prompt TEXT NOT NULL, version TEXT NOT NULL,
                model TEXT NOT NULL, parameters TEXT NOT NULL, created TEXT NOT NULL
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE reviews (
                id INTEGER PRIMARY KEY, text_set TEXT NOT NULL, entity TEXT NOT NULL,
                field TEXT NOT NULL,
                verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'edited', 'rejected')),
                before TEXT NOT NULL, text TEXT NOT NULL, note TEXT NOT NULL,
                reviewer TEXT NOT NULL, date TEXT NOT NULL, parent INTEGER REFERENCES reviews (id)
            )
            """,
            "CREATE INDEX reviews_by_text ON reviews (text_set, entity, field)",
            """
            CREATE TABLE batches (
                id TEXT PRIMARY KEY, host TEXT NOT NULL, prompt TEXT NOT NULL,
                version TEXT NOT NULL, model TEXT NOT NULL, parameters TEXT NOT NULL,
                status TEXT NOT NULL, n_requests INTEGER NOT NULL,
                digest TEXT NOT NULL, created TEXT NOT NULL, collected TEXT, error TEXT NOT NULL
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE batch_requests (
                batch TEXT NOT NULL, key TEXT NOT NULL, entity TEXT NOT NULL,
                system TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (batch, key)
            ) WITHOUT ROWID
            """,
        ),
    ),
)
