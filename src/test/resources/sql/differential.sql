-- Queries with E for embed_text, each run in several configurations and with a plain function in its place that computes
-- the same, row by row. One query a line. Tables: d(id, text, grp), t(tid, topic, tgrp), x(id, tid, w), n (as d, no rows),
-- f (as d, by grp).

-- Projections
SELECT id, E(text) FROM d
SELECT id, E(text)[0], E(text)[1] FROM d
SELECT id, E(upper(text)), E(lower(text)) FROM d
SELECT id, E(concat('a ', text)) FROM d WHERE id > 2
SELECT id, CASE WHEN grp = 'a' THEN E(text) WHEN grp = 'b' THEN E(upper(text)) END FROM d
SELECT id, IF(id > 3, E(text), NULL) FROM d
SELECT id, coalesce(E(text), E('nothing')) FROM d
SELECT id, E(text) IS NULL, E(text) IS NOT NULL FROM d
SELECT E('a constant')
SELECT id, E('a constant') FROM d
SELECT id, array_max(E(text)), E(text)[2] FROM d
SELECT id, named_struct('v', E(text), 'g', grp) FROM d
SELECT id, map('v', E(text)) FROM d
SELECT id, array(E(text), E(grp)) FROM d
SELECT DISTINCT E(grp) FROM d
SELECT id, cosine_similarity(E(text), E('bank card')) > 0.5 FROM d
SELECT id, nvl2(text, E(text), E('none')) FROM d
SELECT id, E(coalesce(text, grp)) FROM d
SELECT id, E(text) = E(upper(text)) FROM d
SELECT id, E(cast(id AS string)) FROM d

-- Filters
SELECT id FROM d WHERE E(text)[0] > 0
SELECT id FROM d WHERE E(text)[0] > 0 AND grp = 'a'
SELECT id FROM d WHERE E(text)[0] > 0 OR grp = 'a'
SELECT id FROM d WHERE NOT (E(text)[0] > 0)
SELECT id FROM d WHERE E(text) IS NULL
SELECT id FROM d WHERE E(text)[0] > 0 AND E(grp)[0] > 0
SELECT id, v FROM (SELECT id, E(text) v FROM d) WHERE v[0] > 0
SELECT id FROM (SELECT id, E(text) v, grp FROM d) WHERE v[0] > 0 AND grp <> 'b' AND id > 1
SELECT id FROM d WHERE E(text)[0] BETWEEN -0.5 AND 0.5
SELECT id FROM d WHERE round(E(text)[0], 2) IN (SELECT round(E(topic)[0], 2) FROM t)
SELECT id FROM d WHERE array_contains(E(text), E(text)[0])
SELECT count(*) FROM d WHERE E(text)[0] > 0
SELECT id FROM n WHERE E(text)[0] > 0

-- Joins
SELECT d.id, t.tid, E(d.text) FROM d JOIN t ON d.grp = t.tgrp
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > 0
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE E(d.text)[0] > 0 AND E(t.topic)[0] > 0
SELECT d.id, t.tid FROM d JOIN t ON E(d.text)[0] > E(t.topic)[0]
SELECT d.id, t.tid FROM d CROSS JOIN t WHERE E(d.text)[0] > E(t.topic)[0]
SELECT d.id, t.tid FROM d, t WHERE E(d.text)[0] > E(t.topic)[0] AND d.grp = t.tgrp
SELECT d.id, t.tid FROM d, t WHERE E(concat(coalesce(d.text, ''), t.topic))[0] > 0
SELECT d.id, t.tid, E(t.topic) FROM d LEFT JOIN t ON d.grp = t.tgrp
SELECT d.id, t.tid FROM d LEFT JOIN t ON d.grp = t.tgrp AND E(t.topic)[0] > 0
SELECT d.id, t.tid FROM d LEFT JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > 0
SELECT d.id, t.tid FROM d LEFT JOIN t ON d.grp = t.tgrp WHERE E(t.topic)[0] > 0
SELECT d.id, t.tid FROM d LEFT JOIN t ON d.grp = t.tgrp WHERE E(t.topic) IS NULL
SELECT d.id, t.tid, E(d.text) FROM d RIGHT JOIN t ON d.grp = t.tgrp
SELECT d.id, t.tid FROM d RIGHT JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > 0
SELECT d.id, t.tid, E(d.text), E(t.topic) FROM d FULL JOIN t ON d.grp = t.tgrp
SELECT d.id, t.tid FROM d FULL JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > E(t.topic)[0]
SELECT d.id FROM d LEFT SEMI JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > 0
SELECT d.id FROM d LEFT SEMI JOIN t ON d.grp = t.tgrp AND E(t.topic)[0] > 0
SELECT d.id FROM d LEFT ANTI JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > 0
SELECT d.id FROM d LEFT ANTI JOIN t ON d.grp = t.tgrp AND E(t.topic)[0] > 0
SELECT d.id, E(d.text) FROM d LEFT SEMI JOIN t ON d.grp = t.tgrp
SELECT d.id, E(d.text) FROM d LEFT ANTI JOIN t ON d.grp = t.tgrp
SELECT /*+ BROADCAST(t) */ d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp AND E(t.topic)[0] > 0
SELECT /*+ MERGE(t) */ d.id, t.tid, E(t.topic) FROM d JOIN t ON d.grp = t.tgrp
SELECT /*+ SHUFFLE_HASH(t) */ d.id, t.tid, E(t.topic) FROM d JOIN t ON d.grp = t.tgrp
SELECT a.id, b.id FROM d a JOIN d b ON a.grp = b.grp AND a.id < b.id WHERE E(a.text)[0] > E(b.text)[0]
SELECT a.id, b.id FROM d a JOIN d b ON E(a.text) = E(b.text)
SELECT a.id, b.id FROM (SELECT id, E(text) v FROM d) a JOIN (SELECT id, E(text) v FROM d) b ON a.v[0] > b.v[0]
SELECT d.id, t.tid, x.w FROM d JOIN x ON d.id = x.id JOIN t ON t.tid = x.tid WHERE E(d.text)[0] > 0
SELECT d.id, t.tid, x.w FROM d JOIN x ON d.id = x.id JOIN t ON t.tid = x.tid AND E(d.text)[0] > E(t.topic)[0]
SELECT d.id, E(t.topic) FROM d LEFT JOIN x ON d.id = x.id LEFT JOIN t ON t.tid = x.tid
SELECT id, x.tid, E(d.text) FROM d JOIN x USING (id)
SELECT d.id, n.id, E(n.text) FROM d LEFT JOIN n ON d.id = n.id
SELECT d.id, E(d.text) FROM d JOIN n ON d.id = n.id
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp AND (E(d.text)[0] > 0 OR E(t.topic)[0] > 0)

-- Subqueries in predicates
SELECT id FROM d WHERE id IN (SELECT id FROM x WHERE w > 1) AND E(text)[0] > 0
SELECT id FROM d WHERE grp IN (SELECT tgrp FROM t WHERE E(topic)[0] > 0)
SELECT id FROM d WHERE grp NOT IN (SELECT tgrp FROM t WHERE E(topic)[0] > 0)
SELECT id FROM d WHERE EXISTS (SELECT 1 FROM t WHERE t.tgrp = d.grp AND E(t.topic)[0] > 0)
SELECT id FROM d WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.tgrp = d.grp AND E(t.topic)[0] > 0)
SELECT id FROM d WHERE EXISTS (SELECT 1 FROM t WHERE t.tgrp = d.grp AND E(d.text)[0] > 0)
SELECT id FROM d WHERE EXISTS (SELECT 1 FROM t WHERE t.tgrp = d.grp) AND E(text)[0] > 0
SELECT id FROM d WHERE EXISTS (SELECT 1 FROM t WHERE t.tgrp = d.grp AND E(t.topic)[0] > 0) OR E(text)[0] > 0
SELECT id FROM d WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.tgrp = d.grp AND E(t.topic)[0] > 0) OR E(text)[0] > 0
SELECT id FROM d WHERE E(text)[0] > 0 OR id IN (SELECT id FROM x)
SELECT id FROM d WHERE E(text)[0] > (SELECT avg(E(topic)[0]) FROM t)
SELECT id FROM d WHERE E(text)[0] > (SELECT max(w) - 2 FROM x)
SELECT id FROM d WHERE E(text)[0] > (SELECT max(E(t.topic)[0]) FROM t WHERE t.tgrp = d.grp)
SELECT id, (SELECT max(E(topic)[0]) FROM t) FROM d
SELECT id, (SELECT max(E(t.topic)[0]) FROM t WHERE t.tgrp = d.grp) FROM d
SELECT id, E((SELECT max(topic) FROM t)) FROM d
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE E(d.text)[0] IN (SELECT E(text)[0] FROM d WHERE grp = 'a')
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE E(d.text)[0] NOT IN (SELECT E(topic)[0] FROM t)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE d.id IN (SELECT id FROM x WHERE E(cast(w AS string))[0] > 0)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE EXISTS (SELECT 1 FROM x WHERE x.id = d.id AND E(d.text)[0] > 0)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE EXISTS (SELECT 1 FROM x WHERE x.id = d.id AND x.tid = t.tid) AND E(d.text)[0] > 0
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE NOT EXISTS (SELECT 1 FROM x WHERE x.id = d.id AND E(t.topic)[0] > 0)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE EXISTS (SELECT 1 FROM x WHERE x.id = d.id) OR E(d.text)[0] > 0
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE NOT EXISTS (SELECT 1 FROM x WHERE x.id = d.id) OR E(t.topic)[0] > 0
SELECT d.id, t.tid FROM d, t WHERE E(d.text)[0] > 0 AND E(d.text)[0] IN (SELECT E(a.text)[0] FROM d a WHERE a.grp = t.tgrp)
SELECT d.id, t.tid FROM d LEFT JOIN t ON d.grp = t.tgrp WHERE E(d.text)[0] IN (SELECT E(text)[0] FROM d WHERE id > 2)
SELECT d.id FROM d LEFT SEMI JOIN t ON d.grp = t.tgrp WHERE E(d.text)[0] IN (SELECT E(text)[0] FROM d WHERE id > 2)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE (d.id, E(d.text)[0]) IN (SELECT id, E(text)[0] FROM d WHERE grp = 'a')
SELECT id FROM (SELECT id, grp, E(text)[0] > 0 p FROM d) WHERE p OR grp IN (SELECT tgrp FROM t WHERE E(topic)[0] > 0)
SELECT d.id, count(*) FROM d JOIN x ON d.id = x.id WHERE E(d.text)[0] IN (SELECT E(text)[0] FROM d) GROUP BY d.id
SELECT id FROM d WHERE id IN (SELECT x.id FROM x JOIN t ON x.tid = t.tid WHERE E(t.topic)[0] > 0)
SELECT id FROM d WHERE id = (SELECT max(id) FROM d WHERE E(text)[0] > 0)
SELECT id FROM d WHERE E(text) IS NOT NULL AND grp LIKE ANY ('a', 'b') AND grp IN (SELECT tgrp FROM t)
SELECT id FROM d a WHERE id = (SELECT max(b.id) FROM d b WHERE b.grp = a.grp AND E(b.text)[0] > 0)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp AND E(d.text)[0] > (SELECT min(E(topic)[0]) FROM t)
SELECT d.id, t.tid FROM d JOIN t ON d.grp = t.tgrp WHERE E(d.text)[0] > (SELECT min(E(topic)[0]) FROM t)

-- Aggregates
SELECT grp, count(*), max(E(text)[0]) FROM d GROUP BY grp
SELECT E(grp)[0], count(*) FROM d GROUP BY E(grp)[0]
SELECT grp, E(max(text)) FROM d GROUP BY grp
SELECT grp, max(E(text)[0]) FROM d GROUP BY grp HAVING max(E(text)[0]) > 0
SELECT grp, count(*) FROM d GROUP BY grp HAVING E(grp)[0] > 0
SELECT grp, count(*) FILTER (WHERE E(text)[0] > 0) FROM d GROUP BY grp
SELECT count(DISTINCT E(text)) FROM d
SELECT grp, count(DISTINCT E(text)), count(DISTINCT id) FROM d GROUP BY grp
SELECT grp, id % 2, max(E(text)[0]) FROM d GROUP BY GROUPING SETS ((grp), (id % 2), ())
SELECT grp, max(E(text)[0]) FROM d GROUP BY ROLLUP (grp)
SELECT grp, id % 2 k, max(E(text)[0]) FROM d GROUP BY CUBE (grp, id % 2)
SELECT grouping(grp), E(coalesce(grp, 'all'))[0] FROM d GROUP BY ROLLUP (grp)
SELECT array_sort(collect_list(E(text)[0])) FROM d
SELECT max_by(id, E(text)[0]) FROM d
SELECT sum(CASE WHEN E(text)[0] > 0 THEN 1 ELSE 0 END) FROM d
SELECT max(E(text)[0]) FROM n
SELECT first(v) FROM (SELECT E(topic) v FROM t WHERE tid = 1)
SELECT * FROM (SELECT grp, id % 2 k, E(text)[0] v FROM d) PIVOT (max(v) FOR k IN (0, 1))
SELECT E(text)[0] v, count(*) FROM d GROUP BY v

-- Windows
SELECT id, row_number() OVER (PARTITION BY grp ORDER BY E(text)[0], id) FROM d
SELECT id, max(E(text)[0]) OVER (PARTITION BY grp) FROM d
SELECT id, E(max(text) OVER (PARTITION BY grp)) FROM d
SELECT id, E(lag(text) OVER (ORDER BY id)) FROM d
SELECT id, lag(E(text)) OVER (ORDER BY id) FROM d
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY grp ORDER BY E(text)[0], id) r FROM d) WHERE r = 1
SELECT id, sum(E(text)[0]) OVER (PARTITION BY grp ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM d
SELECT id, rank() OVER (PARTITION BY E(grp)[0] > 0 ORDER BY id) FROM d

-- Order and limits
SELECT id, E(text)[0] FROM d ORDER BY id
SELECT id FROM d ORDER BY E(text)[0], id
SELECT id FROM d ORDER BY E(text)[0] DESC NULLS LAST, id LIMIT 3
SELECT id, E(text) FROM d ORDER BY id LIMIT 3
SELECT id, E(text) FROM d ORDER BY id LIMIT 3 OFFSET 2
SELECT id FROM (SELECT id, E(text) v FROM d ORDER BY id LIMIT 4) WHERE v[0] > 0
SELECT count(*) FROM (SELECT E(text) FROM d LIMIT 3)
SELECT id, E(text) FROM (SELECT * FROM d ORDER BY id DESC LIMIT 2)
SELECT id FROM d WHERE E(text)[0] > 0 ORDER BY id LIMIT 1
SELECT id, E(text) FROM d ORDER BY id LIMIT 0

-- Lateral views, lateral joins, generators
SELECT id, w, E(w) FROM d LATERAL VIEW explode(split(text, ' ')) AS w
SELECT id, v FROM d LATERAL VIEW explode(E(text)) AS v
SELECT id, p, v FROM d LATERAL VIEW OUTER posexplode(E(text)) AS p, v
SELECT id, explode(E(text)) FROM d
SELECT id, inline(array(named_struct('a', E(text), 'b', id))) FROM d
SELECT d.id, l.m FROM d, LATERAL (SELECT max(E(t.topic)[0]) m FROM t WHERE t.tgrp = d.grp) l
SELECT d.id, l.v FROM d, LATERAL (SELECT E(d.text) v) l
SELECT d.id, l.v FROM d LEFT JOIN LATERAL (SELECT E(t.topic) v FROM t WHERE t.tgrp = d.grp) l
SELECT id, stack(2, E(text)[0], E(upper(text))[0]) FROM d

-- Set operations
SELECT E(text) v FROM d UNION ALL SELECT E(topic) FROM t
SELECT E(text) v FROM d UNION SELECT E(topic) FROM t
SELECT E(text)[0] v FROM d INTERSECT SELECT E(text)[0] FROM d WHERE grp = 'a'
SELECT E(text)[0] v FROM d EXCEPT SELECT E(text)[0] FROM d WHERE grp = 'a'
SELECT E(text)[0] v FROM d EXCEPT ALL SELECT E(topic)[0] FROM t
SELECT E(s) FROM (SELECT text s FROM d UNION ALL SELECT topic FROM t)
SELECT s FROM (SELECT text s FROM d UNION ALL SELECT topic FROM t) WHERE E(s)[0] > 0
SELECT k, max(E(s)[0]) FROM (SELECT text s, grp k FROM d UNION ALL SELECT topic, tgrp FROM t) GROUP BY k
SELECT id, E(text) FROM d UNION ALL SELECT id, E(text) FROM n
SELECT id FROM d WHERE E(text)[0] > 0 MINUS SELECT id FROM x

-- Higher-order functions
SELECT id, transform(E(text), v -> v > 0) FROM d
SELECT id, filter(E(text), v -> v > 0) FROM d
SELECT id, aggregate(E(text), CAST(0 AS double), (s, v) -> s + v) > 0 FROM d
SELECT id, exists(E(text), v -> v > 0.5), forall(E(text), v -> v < 0.9) FROM d
SELECT id, zip_with(E(text), E(upper(text)), (a, b) -> a > b) FROM d
SELECT id FROM d WHERE exists(E(text), v -> v > 0.5)
SELECT id, transform(array(1, 2), k -> E(text)[0] * k) FROM d
SELECT id, array_sort(E(text)), reverse(E(text)), slice(E(text), 1, 2) FROM d

-- Common table expressions, values, views
WITH v AS (SELECT id, E(text) e FROM d) SELECT a.id, b.id FROM v a JOIN v b ON a.e[0] > b.e[0]
WITH v AS (SELECT id, E(text) e FROM d) SELECT count(*) FROM v WHERE e[0] > (SELECT avg(e[0]) FROM v)
WITH v AS (SELECT id, grp, E(text) e FROM d) SELECT id FROM v WHERE id IN (SELECT id FROM v WHERE e[0] > 0) AND grp = 'a'
SELECT k, E(s) FROM VALUES (1, 'one'), (2, 'two words'), (3, NULL) AS q(k, s)
SELECT id, E(text) FROM d TABLESAMPLE (100 PERCENT)
SELECT a.id, a.v = b.v FROM (SELECT id, E(text) v FROM d) a JOIN (SELECT id, E(text) v FROM d) b ON a.id = b.id
SELECT E(E_text) FROM (SELECT concat('x', text) E_text FROM d)
SELECT id, E(concat_ws(' ', transform(E(text), v -> IF(v > 0, 'yes', 'no')))) FROM d

-- Files and places of rows; f has a directory for each grp, which one partition reads where files are packed
SELECT id, file(input_file_name()), E(text) FROM f
SELECT id, file(input_file_name()) FROM f WHERE E(text)[0] > 0
SELECT file(input_file_name()) FROM f WHERE E(text)[0] > 0
SELECT DISTINCT file(input_file_name()) FROM f WHERE E(text) IS NULL
SELECT id, file(input_file_name()) FROM f WHERE file(input_file_name()) = 'a' AND E(text)[0] > -2
SELECT id, v, file(input_file_name()) FROM (SELECT id, E(text) v FROM f) WHERE v[0] > 0
SELECT id, n FROM (SELECT id, file(input_file_name()) n, E(text) v FROM f) WHERE v[0] > 0 AND n <> 'b'
SELECT id, file(input_file_name()), input_file_block_start() > 0, input_file_block_length() > 0, E(text) FROM f
SELECT file(input_file_name()) n, max(E(text)[0]) FROM f GROUP BY file(input_file_name())
SELECT id, E(file(input_file_name())) FROM f
SELECT id, E(text), E(concat(file(input_file_name()), text)) FROM f
SELECT id, E(text), embed_text(text, NULL, 'cls') IS NULL, file(input_file_name()) FROM f
SELECT id, E(concat('t ', CAST(E(text)[0] > 0 AS STRING))), file(input_file_name()) FROM f
SELECT id, E('a constant'), file(input_file_name()) FROM f
SELECT id, file(input_file_name()), E(text) FROM f UNION ALL SELECT id, file(input_file_name()), E(grp) FROM f
SELECT id, k, file(input_file_name()), E(text) FROM f JOIN VALUES ('a', 1), ('b', 2) AS q(g, k) ON grp = g
SELECT id, w, file(input_file_name()) FROM f LATERAL VIEW explode(split(text, ' ')) AS w WHERE E(w)[0] > 0
SELECT id, w, file(input_file_name()) FROM (SELECT id, text, E(text) v FROM f) LATERAL VIEW explode(v) AS w
SELECT count(*) FROM (SELECT file(input_file_name()) n, E(text) FROM f LIMIT 100) WHERE n = ''
SELECT id, E(text), rand(7) FROM d
SELECT id, monotonically_increasing_id(), spark_partition_id(), E(text) FROM d
SELECT id FROM d WHERE E(text)[0] > 0 AND rand(7) > 0.5
SELECT id, r, v FROM (SELECT id, rand(7) r, E(text) v FROM d) WHERE r > 0.3 AND v[0] > 0
SELECT id, m FROM (SELECT id, monotonically_increasing_id() m, E(text) v FROM d) WHERE v[0] > 0
