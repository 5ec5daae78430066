CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    modified INTEGER NOT NULL,  -- in nanoseconds; -1 for the unsaved text of an editor
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    language TEXT NOT NULL,
    imports TEXT NOT NULL,
    skipped TEXT,               -- why the file has no snippets, if it was skipped
    -- The last component of its path.
    file_name TEXT AS (replace(path, rtrim(path, replace(path, '/', '')), ''))
);

CREATE INDEX IF NOT EXISTS files_by_name ON files (file_name);

-- Numbers are never used twice (AUTOINCREMENT), so a number stands for the same vector for ever.
CREATE TABLE IF NOT EXISTS snippets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file INTEGER NOT NULL REFERENCES files (id),
    digest BLOB NOT NULL,
    language TEXT NOT NULL,     -- its file's, but for a cell of a notebook
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    last_name TEXT,             -- the last component of a definition's name
    signature TEXT NOT NULL,
    docstring TEXT NOT NULL,
    text TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    name_line INTEGER NOT NULL,
    name_column INTEGER NOT NULL,
    vector BLOB                 -- float16; NULL where there is nothing to embed
);

CREATE INDEX IF NOT EXISTS snippets_of_file ON snippets (file);

-- Tells the embedded ones without a look at their rows.
CREATE INDEX IF NOT EXISTS embedded_snippets ON snippets (id) WHERE vector IS NOT NULL;

-- With the file, so that the nearest of many names are found without a look at their rows.
CREATE INDEX IF NOT EXISTS snippets_by_name ON snippets (last_name COLLATE NOCASE, file)
WHERE last_name IS NOT NULL;

-- The terms of each snippet, without the text. They come split and in lower case.
CREATE VIRTUAL TABLE IF NOT EXISTS terms
USING fts5 (path, name, head, text, content = '', tokenize = "ascii tokenchars '_'");

CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab (terms, row);
