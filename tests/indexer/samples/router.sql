-- Routes and what answers them.
CREATE TABLE routes (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL
);

CREATE INDEX routes_by_path ON routes (path);

-- Only what is public.
CREATE VIEW public_routes AS
SELECT path FROM routes WHERE path LIKE '/public/%';

CREATE OR REPLACE FUNCTION normalize(path TEXT) RETURNS TEXT AS $$
    SELECT rtrim(path, '/');
$$ LANGUAGE sql;

INSERT INTO routes (path) VALUES ('/'), ('/public/about');

SELECT r.path
FROM routes AS r
JOIN hits AS h ON h.route = r.id;
